"""A page over the room: a kernel, an incident, a task, an answer, or the help. The header stays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, get_args

from textual.app import ComposeResult
from textual.binding import BindingType

from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.keys import PAGE_KEYS, Key, bindings
from grace_tui.faces.ui.layout import Box
from grace_tui.faces.ui.lines.header import Freshness
from grace_tui.faces.ui.lines.pages import Said, told
from grace_tui.faces.ui.screens.stage import RoomControl, Stage
from grace_tui.faces.ui.widgets.page import PagePane, Scroll
from grace_tui.faces.views import RoomView

REREAD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page that the room is asked for."""

    title: str
    command: Command


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    target: Target | None = None
    facts: Callable[[RoomView], Sequence[Said]] | None = None
    """Made again of every view; empty once the thing is gone."""
    sections: tuple[Section, ...] = ()
    text: tuple[Said, ...] = ()
    """Said without asking."""
    follow: bool = False
    """Read again every second, and stay at the end."""


class PageScreen(Stage):
    KEYS: ClassVar[tuple[Key, ...]] = PAGE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PAGE_KEYS)]

    def __init__(self, control: RoomControl, page: Page) -> None:
        super().__init__(control)
        self.page = page
        self.body = PagePane("body", page.title, follow=page.follow)
        self.answers: dict[str, Answer] = {}

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.body
        yield self.keys_bar
        yield self.notice

    def on_mount(self) -> None:
        super().on_mount()
        self.body.focus()
        self._show_told()
        self._read()
        if self.page.follow:
            self.set_interval(REREAD_SECONDS, self._read)

    def target(self) -> Target | None:
        return self.page.target

    def planned(self, width: int, height: int) -> Mapping[str, Box]:
        foot = 1 if height >= 5 else 0
        return {
            "header": Box(0, 0, width, min(1, height)),
            "body": Box(0, 1, width, max(0, height - 1 - foot)),
            "keys": Box(0, height - foot, width, foot),
        }

    def show_room(self, view: RoomView | None, freshness: Freshness) -> None:
        self.header.show(view, freshness)
        if view is not None and self.page.facts is not None:
            self.body.show_facts(self.page.facts(view))

    def action_scroll_page(self, step: str) -> None:
        if step in get_args(Scroll):
            self.body.scroll_page(step)  # type: ignore[arg-type]

    def action_back(self) -> None:
        self.dismiss()

    def action_redraw(self) -> None:
        self._read()
        super().action_redraw()

    def _read(self) -> None:
        # Exclusive: while the room is slow to answer, only the last question stands.
        if self.page.sections:
            self.run_worker(self._read_all(), group="reading", exclusive=True)

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
