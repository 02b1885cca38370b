"""A page of text with a frame, that scrolls and can be searched. It keeps its place, or its end, when it is renewed."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

from grace_tui.faces.ui.draw.frame import Frame, framed, inner_size
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, blank, line_of
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.lines.contents import contents_line, sections
from grace_tui.faces.ui.lines.said import LABEL, Said, Saying, finder, fitted, holds, marked, said_text
from grace_tui.faces.ui.widgets.canvas import Canvas

LEAST_WITH_CONTENTS = 6
"""Inner height from which two lines are spent on the names of the sections."""
Scroll = Literal["up", "down", "page_up", "page_down", "first", "last"]


class PagePane(Canvas):
    """Facts, which change often, over what was told, which is long. One that follows shows the newest lines until a
    person scrolls up or searches: then what is shown stands still, until the end is asked for again."""

    can_focus = True

    def __init__(self, id: str, title: str, *, follow: bool = False, contents: bool = False) -> None:  # noqa: A002
        """`contents` keeps a line on top that names the sections and marks the one in sight."""
        super().__init__(id)
        self.contents = contents
        self.title, self.top, self.follow, self.at_end = title, 0, follow, follow
        self.wrapped, self.sought, self.match = True, "", -1
        self.has_keys = False
        """Whether the frame says that keys go here."""
        self._facts: list[Saying] = []
        self._told: list[Said] = []
        self._newer: list[Said] | None = None
        """Told while it stood still."""
        self._fitted: list[list[Line]] = []
        self._fitted_for: tuple[int, bool, Paint] | None = None

    def name_it(self, title: str) -> None:
        if title != self.title:
            self.title = title
            self.repaint()

    def show_facts(self, facts: Sequence[Saying]) -> None:
        if facts != self._facts:
            self._facts = list(facts)
            self.repaint()

    def show_told(self, told: Sequence[Said]) -> None:
        if self.follow and not self.at_end and self._told:
            self._newer = list(told)
            self.repaint()
        elif told != self._told:
            self._told, self._newer, self._fitted_for = list(told), None, None
            self.repaint()

    def height_for(self, width: int) -> int:
        """Lines with which nothing has to scroll, the frame among them."""
        inner_width, inner_height = inner_size(width, 99, boxed=True)
        return sum(map(len, self._blocks(inner_width))) + 99 - inner_height

    def scroll_page(self, step: Scroll) -> None:
        page = max(1, self._inner(*self.size)[1] - 1)
        by = {"up": -1, "down": 1, "page_up": -page, "page_down": page}
        self.at_end = step == "last"
        self.top = 0 if step == "first" else self.top + by.get(step, 0)
        self.repaint()
        if self.at_end and self._newer is not None:
            self.show_told(self._newer)

    def to_section(self, index: int) -> bool:
        """Bring a section to the top; returns whether there is one of that number, from 0 on."""
        starts = self._section_starts()
        if 0 <= index < len(starts):
            self.top, self.at_end = starts[index], False
            self.repaint()
        return 0 <= index < len(starts)

    def next_section(self, by: int) -> None:
        """To the section after the one in sight, or before it, round and round."""
        count = len(self._section_starts())
        if count:
            self.to_section((self._current() + by) % count)

    def text(self) -> str:
        """All that is said, as plain lines."""
        return "\n".join(said_text(one) for one in self._said())

    def wrap_or_cut(self) -> None:
        self.wrapped = not self.wrapped
        self.repaint()

    def search(self, query: str) -> None:
        """Go to the last line in sight or above that has `query` in it, else to the first of all."""
        self.sought = query
        found = self._found()
        starts = self._starts()
        bottom = self.top + self._inner(*self.size)[1]
        before = [index for index in found if starts[index] < bottom]
        self._go_to(before[-1] if before else found[0] if found else -1)

    def to_match(self, by: int) -> bool:
        """Go to the next line found, or the one before, round and round; returns whether there is one."""
        found = self._found()
        if found:
            at = found.index(self.match) + by if self.match in found else 0
            self._go_to(found[at % len(found)])
        return bool(found)

    def on_mouse_scroll_up(self) -> None:
        self.scroll_page("up")

    def on_mouse_scroll_down(self) -> None:
        self.scroll_page("down")

    def on_focus(self) -> None:
        self.has_keys = True
        self.repaint()

    def on_blur(self) -> None:
        self.has_keys = False
        self.repaint()

    def on_resize(self) -> None:
        self.repaint()

    def make_lines(self, width: int, height: int) -> list[Line]:
        inner_width, inner_height = self._inner(width, height)
        blocks = self._blocks(inner_width)
        lines = [line for block in blocks for line in block]
        last = max(0, len(lines) - inner_height, *self._section_starts()[-1:])
        self.top = last if self.at_end else max(0, min(self.top, last))
        self.at_end = self.at_end or (self.follow and self.top == last and self._newer is None)
        above, below = self.top, max(0, len(lines) - inner_height - self.top)
        more = "  ".join(word for word in (f"↑ {above}" if above else "", f"↓ {below}" if below else "") if word)
        frame = Frame(self.title, note=self._note(), more=more, focused=self.has_keys)
        in_sight = self._in_sight(blocks, lines, inner_height)
        return framed(frame, [*self._contents(inner_width), *in_sight], width, height, self.paint)

    def _inner(self, width: int, height: int) -> tuple[int, int]:
        """Room for the text."""
        inner_width, inner_height = inner_size(width, height, boxed=True)
        return inner_width, max(1, inner_height - (2 if self._has_contents(inner_height) else 0))

    def _has_contents(self, inner_height: int) -> bool:
        return self.contents and inner_height >= LEAST_WITH_CONTENTS

    def _contents(self, width: int) -> list[Line]:
        if not self._has_contents(inner_size(*self.size, boxed=True)[1]):
            return []
        said = self._said()
        titles = [one.text for index in sections(said) if isinstance(one := said[index], Said)]
        inks = self.paint.room
        return [
            contents_line(titles, self._current(), width, self.paint),
            line_of([("─" * width, inks.line)], width, inks.text),
        ]

    def _section_starts(self) -> list[int]:
        """The line of each section's heading; none where the page has no contents."""
        if not self.contents:
            return []
        width = self._inner(*self.size)[0]
        starts, blocks = self._starts(), self._blocks(width)
        # A heading that is not the first has an empty line before it.
        return [starts[index] + len(blocks[index]) - 1 for index in sections(self._said())]

    def _current(self) -> int:
        """The section at the top of what is in sight."""
        return max(0, sum(start <= self.top for start in self._section_starts()) - 1)

    def _in_sight(self, blocks: Sequence[Sequence[Line]], lines: Sequence[Line], height: int) -> list[Line]:
        shown_lines = list(lines[self.top : self.top + height])
        if not self.sought:
            return shown_lines
        found, others = finder(self.sought), self.paint.room.strong_accent
        first = list(accumulate(map(len, blocks), initial=0))
        here = range(first[self.match], first[self.match + 1]) if 0 <= self.match < len(blocks) else range(0)
        return [
            marked(line, found, self.paint.notice if self.top + index in here else others)
            for index, line in enumerate(shown_lines)
        ]

    def _note(self) -> str:
        words = []
        if self.sought:
            found = self._found()
            at = found.index(self.match) + 1 if self.match in found else 0
            words.append(f"/{shown(self.sought)}  {at} of {len(found)}")
        if not self.wrapped:
            words.append("cut")
        if self.follow:
            words.append("following" if self.at_end else "held, G follows")
        return ", ".join(words)

    def _said(self) -> list[Saying]:
        between = [Said("")] if self._facts and self._told else []
        return [*self._facts, *between, *self._told]

    def _found(self) -> list[int]:
        """Which of what is said has the query in it."""
        found = finder(self.sought)
        return [index for index, one in enumerate(self._said()) if holds(one, found)] if self.sought else []

    def _starts(self) -> list[int]:
        """The first line of each of what is said."""
        return list(accumulate(map(len, self._blocks(inner_size(*self.size, boxed=True)[0])), initial=0))

    def _go_to(self, index: int) -> None:
        self.match = index
        if index >= 0:
            height = self._inner(*self.size)[1]
            line = self._starts()[index]
            if not self.top <= line < self.top + height:
                self.top = max(0, line - height // 2)
            self.at_end = False
        self.repaint()

    def _blocks(self, width: int) -> list[list[Line]]:
        """The lines of each of what is said. What was told is fitted once, the facts each time."""
        wanted = (width, self.wrapped, self.paint)
        if self._fitted_for != wanted:
            least = 0 if self.follow else LABEL
            self._fitted = fitted(self._told, width, self.paint, wrapped=self.wrapped, least=least)
            self._fitted_for = wanted
        between = [[blank(width, self.paint.room.text)]] if self._facts and self._told else []
        return [*fitted(self._facts, width, self.paint, wrapped=self.wrapped), *between, *self._fitted]
