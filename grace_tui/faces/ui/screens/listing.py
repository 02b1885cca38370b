"""A list of things over the room, and what is said of the one that is selected: triggers, playbooks, silences.

Subclasses say which things, how a row is drawn and what is said; the list keeps its selection by name.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, get_args

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.worker import Worker

from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.layout import NOWHERE, Box
from grace_tui.faces.ui.lines.header import Freshness
from grace_tui.faces.ui.lines.listing import Draw, ListState
from grace_tui.faces.ui.lines.said import Said, Saying
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.stage import Stage
from grace_tui.faces.ui.widgets.page import PagePane, Scroll
from grace_tui.faces.ui.widgets.panes import ListPane, Move, Pane
from grace_tui.faces.views import RoomView

BESIDE = 100
"""Width from which the details stand beside the list."""
LEAST_BOTH = 14
"""Height from which the details stand under it; below, the pane with the focus has the screen."""
REREAD_SECONDS = 2.0


class Rows(ListPane[Any]):
    """The list; its screen hands it the rows."""

    class Selected(Message):
        """Another row is selected."""

    def show(self, view: RoomView, *, boxed: bool) -> None:
        """Its screen shows it rows instead."""

    def target(self) -> Target | None:
        return None

    def tell_empty(self, text: str) -> None:
        """Say why there are no rows."""
        self.state = replace(self.state, empty=shown(text))

    def _become(self, state: ListState[Any], *, follow: bool) -> None:
        before = self.state.selected
        super()._become(state, follow=follow)
        if state.selected != before:
            self.post_message(self.Selected())


class ListingScreen(Stage):
    TITLE: ClassVar[str] = ""
    EMPTY: ClassVar[str] = ""
    DRAW: ClassVar[Draw]

    def __init__(self, control: RoomControl) -> None:
        super().__init__(control)
        self.rows = Rows("rows", ListState(self.TITLE, empty=self.EMPTY), type(self).DRAW)
        self.details = PagePane("details", "")
        self.asks: Command | None = None
        """What the room is asked for every other second."""
        self.answer: Answer | None = None
        self._asking = False
        self._plan_for: tuple[object, ...] = ()

    @abstractmethod
    def items(self, view: RoomView) -> tuple[Any, ...]:
        """The rows, by the newest view and the last answer."""

    @abstractmethod
    def facts(self, item: Any, view: RoomView) -> Sequence[Saying]:
        """What is said of one; made again of every view."""

    def title_of(self, item: Any) -> str:
        return shown(item.id)

    def more(self, item: Any) -> Command | None:
        """What the room is asked about the selected one."""
        return None

    def told(self, item: Any, answer: Answer) -> Sequence[Said]:
        """What it answered."""
        return ()

    def note(self, items: Sequence[Any]) -> str:
        return str(len(items)) if items else ""

    def alarming(self, items: Sequence[Any]) -> bool:
        return False

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.rows
        yield self.details
        yield self.keys_bar
        yield self.notice

    def on_mount(self) -> None:
        super().on_mount()
        self._place()
        self.rows.focus()
        if self.asks is not None:
            self.read()
            self.set_interval(REREAD_SECONDS, self.read)

    @property
    def selected(self) -> Any | None:
        return self.rows.selected_item()

    def planned(self, width: int, height: int) -> Mapping[str, Box]:
        foot = 1 if height >= 5 else 0
        high = max(0, height - 1 - foot)
        rows, details = self._panes(width, high)
        return {
            "header": Box(0, 0, width, min(1, height)),
            "rows": rows,
            "details": details,
            "keys": Box(0, height - foot, width, foot),
        }

    def _panes(self, width: int, high: int) -> tuple[Box, Box]:
        if width >= BESIDE:
            left = max(44, width * 2 // 5)
            return Box(0, 1, left, high), Box(left, 1, width - left, high)
        if high >= LEAST_BOTH:
            upper = max(5, high * 2 // 5)
            return Box(0, 1, width, upper), Box(0, 1 + upper, width, high - upper)
        whole = Box(0, 1, width, high)
        return (NOWHERE, whole) if self.focused is self.details else (whole, NOWHERE)

    def on_resize(self) -> None:
        self._place()

    def on_descendant_focus(self) -> None:
        """Where there is room for one pane only, it is the one with the focus."""
        self._place()

    def _place(self) -> None:
        found = self.planned(*self.size)
        boxes = tuple(found.values())
        if boxes != self._plan_for:
            self._plan_for = boxes
            self.replan()

    def show_room(self, view: RoomView | None, freshness: Freshness) -> None:
        self.header.show(view, freshness)
        if view is not None:
            items = self.items(view)
            self.rows.show_items(items, boxed=True, alarming=self.alarming(items), note=self.note(items))
            self._show_facts()

    def target(self) -> Target | None:
        """The incident that the selected one is about."""
        return None

    @on(Rows.Selected)
    def show_selected(self) -> None:
        self.details.show_told(())
        self._show_facts()
        self.read_more()

    def _show_facts(self) -> None:
        item, view = self.selected, self.control.view
        self.details.name_it(self.title_of(item) if item is not None else "")
        if item is not None and view is not None:
            self.details.show_facts(self.facts(item, view))
        else:
            self.details.show_facts(())

    def read(self) -> None:
        """Ask again, unless the room has not answered yet."""
        if self.asks is not None and not self._asking:
            self._asking = True
            self.run_worker(self._read(self.asks), group="reading")

    async def _read(self, command: Command) -> None:
        answer = await self.control.ask_room(command)
        self._asking = False
        if answer != self.answer:
            self.answer = answer
            self.rows.tell_empty(self.EMPTY if answer.ok else answer.text)
            self.show_room(self.control.view, self.control.freshness)
            self.read_more()

    def read_more(self) -> None:
        item = self.selected
        if item is not None and (command := self.more(item)) is not None:
            # The function, not its coroutine: what is superseded before it begins must not have been made.
            read = partial(self._read_more, item, command)
            _: Worker[None] = self.run_worker(read, group="more", exclusive=True)

    async def _read_more(self, item: Any, command: Command) -> None:
        answer = await self.control.ask_room(command)
        if self.selected is not None and self.selected.id == item.id:
            self.details.show_told(list(self.told(item, answer)))

    def action_move(self, step: str) -> None:
        if self.focused is self.details:
            if step in get_args(Scroll):
                self.details.scroll_page(step)  # type: ignore[arg-type]
        elif step in get_args(Move):
            self.rows.move(step)  # type: ignore[arg-type]

    def action_other_pane(self) -> None:
        (self.rows if self.focused is self.details else self.details).focus()

    @on(Pane.Opened)
    def action_open(self) -> None:
        target = self.target()
        if target is None:
            self.say("no incident belongs to this")
        else:
            self.control.open_target(target)

    def action_back(self) -> None:
        self.dismiss()

    def action_redraw(self) -> None:
        self.read()
        self.read_more()
        super().action_redraw()
