"""A page over the room: a kernel, an incident, a task, an answer, a log, or the help. The header stays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, get_args

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import Worker

from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.keys import PAGE_KEYS, Key, bindings
from grace_tui.faces.ui.layout import NOWHERE, Box
from grace_tui.faces.ui.lines.header import Freshness
from grace_tui.faces.ui.lines.log import log_said
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.said import Said, Saying
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.stage import Stage
from grace_tui.faces.ui.widgets.page import PagePane, Scroll
from grace_tui.faces.views import RoomView

REREAD_SECONDS = 0.5
LEAST_LOG = 5
"""Lines a log wants at least under the facts of its kernel, frame and all."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page that the room is asked for."""

    title: str
    command: Command


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    target: Target | None = None
    facts: Callable[[RoomView], Sequence[Saying]] | None = None
    """Made again of every view; empty once the thing is gone."""
    sections: tuple[Section, ...] = ()
    text: tuple[Said, ...] = ()
    """Said without asking."""
    log: Command | None = None
    """Asks for a log, which is followed: under the facts, or over the whole page where there are none."""


class PageScreen(Stage):
    KEYS: ClassVar[tuple[Key, ...]] = PAGE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PAGE_KEYS)]
    CONTENTS: ClassVar[bool] = False
    """Whether the page names its sections."""
    TYPING = "Enter keeps it, then n and N; Esc ends it"

    def __init__(self, control: RoomControl, page: Page) -> None:
        super().__init__(control)
        self.page = page
        self.body = PagePane("body", page.title, contents=self.CONTENTS)
        self.log_pane = PagePane("log", page.title if page.facts is None else "log", follow=True)
        self.answers: dict[str, Answer] = {}
        self._plan_for: tuple[object, ...] = ()
        self._reading_log = False

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.body
        if self.page.log is not None:
            yield self.log_pane
        yield self.keys_bar
        yield self.notice

    def on_mount(self) -> None:
        super().on_mount()
        self._place()
        (self.log_pane if self.page.log is not None and self.log_pane.display else self.body).focus()
        self._show_told()
        self._read()
        if self.page.log is not None:
            self.read_log()
            self.set_interval(REREAD_SECONDS, self.read_log)

    def target(self) -> Target | None:
        return self.page.target

    def planned(self, width: int, height: int) -> Mapping[str, Box]:
        foot = 1 if height >= 5 or self.typing else 0
        high = max(0, height - 1 - foot)
        body = self._body_height(width, high)
        return {
            "header": Box(0, 0, width, min(1, height)),
            "body": Box(0, 1, width, body) if body else NOWHERE,
            "log": Box(0, 1 + body, width, high - body) if high > body else NOWHERE,
            "keys": Box(0, height - foot, width, foot),
        }

    def _body_height(self, width: int, high: int) -> int:
        """All that the facts need if a third of the page is left to the log; where that is nothing, no log."""
        if self.page.log is None:
            return high
        if self.page.facts is None:
            return 0
        most = high - max(LEAST_LOG, high // 3)
        return min(self.body.height_for(width), most) if most >= LEAST_LOG else high

    def on_resize(self) -> None:
        self._place()

    def _place(self) -> None:
        found = self.planned(*self.size)
        for pane in (self.body, self.log_pane):
            pane.display = found[pane.id or ""].height > 0
        boxes = tuple(found.values())
        if boxes != self._plan_for:
            self._plan_for = boxes
            self.replan()

    def show_room(self, view: RoomView | None, freshness: Freshness) -> None:
        self.header.show(view, freshness)
        if view is not None and self.page.facts is not None:
            self.body.show_facts(self.page.facts(view))
            self._place()

    @property
    def pane(self) -> PagePane:
        """The pane with the focus."""
        return self.focused if isinstance(self.focused, PagePane) else self.body

    def action_scroll_page(self, step: str) -> None:
        if step in get_args(Scroll):
            self.pane.scroll_page(step)  # type: ignore[arg-type]

    def action_other_pane(self) -> None:
        self.focus_next()

    def action_wrap(self) -> None:
        self.pane.wrap_or_cut()

    def begin_typing(self) -> None:
        self.action_search()

    def action_search(self) -> None:
        self.type(self.pane.sought)

    def action_match(self, by: int) -> None:
        if not self.pane.to_match(by):
            sought = self.pane.sought
            self.say(f"nothing has {sought!r} in it" if sought else "nothing is searched for; / does")

    def was_typed(self, text: str) -> None:
        self.pane.search(text)

    def typing_dropped(self) -> None:
        self.pane.search("")

    def action_copy(self) -> None:
        text = self.pane.text()
        self.app.copy_to_clipboard(text)
        self.say(f"{len(text.splitlines())} lines copied, if this terminal lets programs do that")

    def action_back(self) -> None:
        self.dismiss()

    def action_redraw(self) -> None:
        self._read()
        super().action_redraw()

    def _read(self) -> None:
        # Exclusive: while the room is slow to answer, only the last question stands.
        if self.page.sections:
            # The function, not its coroutine: what is superseded before it begins must not have been made.
            _: Worker[None] = self.run_worker(self._read_all, group="reading", exclusive=True)

    async def _read_all(self) -> None:
        for section in self.page.sections:
            answer = await self.control.ask_room(section.command)
            if answer != self.answers.get(section.title):
                self.answers[section.title] = answer
                self._show_told()

    def _show_told(self) -> None:
        said: list[Said] = list(self.page.text)
        for section in self.page.sections:
            answer = self.answers.get(section.title)
            text = answer.text if answer else f"{section.command.doing} …"
            title = section.title if len(self.page.sections) > 1 or self.page.facts else ""
            said += told(title, text, failed=answer is not None and not answer.ok)
        self.body.show_told(said)

    def read_log(self) -> None:
        # A room that is slow to answer is asked again when it has answered, else it would never be heard.
        if self.page.log is not None and not self._reading_log:
            self._reading_log = True
            self.run_worker(self._follow(self.page.log), group="log")

    async def _follow(self, command: Command) -> None:
        answer = await self.control.ask_room(command)
        self._reading_log = False
        if answer != self.answers.get("log"):
            self.answers["log"] = answer
            self.log_pane.show_told(log_said(answer.text) if answer.ok else told("", answer.text, failed=True))
