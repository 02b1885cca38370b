"""A page of text with a frame, that scrolls. It keeps its place, or its end, when the text is renewed."""

from collections.abc import Sequence
from typing import Literal

from grace_tui.faces.ui.draw.frame import Frame, framed, inner_size
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, blank
from grace_tui.faces.ui.lines.pages import Said, page_lines
from grace_tui.faces.ui.widgets.canvas import Canvas

Scroll = Literal["up", "down", "page_up", "page_down", "first", "last"]


class PagePane(Canvas):
    """Facts, which change often, over what was told, which is long and changes seldom."""

    can_focus = True

    def __init__(self, id: str, title: str, *, follow: bool = False) -> None:  # noqa: A002
        super().__init__(id)
        self.title, self.top, self.at_end = title, 0, follow
        self._facts: list[Said] = []
        self._told: list[Said] = []
        self._fitted: list[Line] = []
        self._fitted_for: tuple[int, Paint] | None = None

    def show_facts(self, facts: Sequence[Said]) -> None:
        if facts != self._facts:
            self._facts = list(facts)
            self.repaint()

    def show_told(self, told: Sequence[Said]) -> None:
        self._told, self._fitted_for = list(told), None
        self.repaint()

    def scroll_page(self, step: Scroll) -> None:
        page = max(1, inner_size(*self.size, boxed=True)[1] - 1)
        by = {"up": -1, "down": 1, "page_up": -page, "page_down": page}
        self.at_end = step == "last"
        self.top = 0 if step == "first" else self.top + by.get(step, 0)
        self.repaint()

    def on_mouse_scroll_up(self) -> None:
        self.scroll_page("up")

    def on_mouse_scroll_down(self) -> None:
        self.scroll_page("down")

    def on_resize(self) -> None:
        self.repaint()

    def make_lines(self, width: int, height: int) -> list[Line]:
        inner_width, inner_height = inner_size(width, height, boxed=True)
        lines = [*page_lines(self._facts, inner_width, self.paint), *self._told_lines(inner_width)]
        last = max(0, len(lines) - inner_height)
        self.top = last if self.at_end else max(0, min(self.top, last))
        self.at_end = self.at_end or (last > 0 and self.top == last)
        above, below = self.top, max(0, last - self.top)
        more = "  ".join(word for word in (f"↑ {above}" if above else "", f"↓ {below}" if below else "") if word)
        frame = Frame(self.title, more=more, focused=True)
        return framed(frame, lines[self.top : self.top + inner_height], width, height, self.paint)

    def _told_lines(self, width: int) -> list[Line]:
        if self._fitted_for != (width, self.paint):
            lines = page_lines(self._told, width, self.paint)
            self._fitted = [blank(width, self.paint.room.text), *lines] if self._facts and lines else lines
            self._fitted_for = (width, self.paint)
        return self._fitted
