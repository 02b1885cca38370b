"""The main screen: kernels, incidents, the coding agent's queue, the monitors."""

from collections.abc import Mapping
from typing import ClassVar, get_args

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from grace_tui.faces.ui.commands import Target
from grace_tui.faces.ui.draw import marks
from grace_tui.faces.ui.keys import ROOM_KEYS, Key, bindings
from grace_tui.faces.ui.layout import Box, Plan, plan
from grace_tui.faces.ui.lines.filter import HINT
from grace_tui.faces.ui.lines.header import Freshness, has_banner
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.stage import Stage
from grace_tui.faces.ui.widgets.bars import BannerBar, MonitorsBar
from grace_tui.faces.ui.widgets.panes import IncidentFeed, KernelGrid, Move, Pane, TaskQueue
from grace_tui.faces.views import RoomView


class RoomScreen(Stage):
    KEYS: ClassVar[tuple[Key, ...]] = ROOM_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ROOM_KEYS)]
    TYPING = HINT

    class OpenRequested(Message):
        """Something was to be opened."""

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.opened = target

    class LeaveRequested(Message):
        """The screen was to be left."""

    def __init__(self, control: RoomControl) -> None:
        super().__init__(control)
        self.banner, self.monitors = BannerBar("banner"), MonitorsBar("monitors")
        self.grid, self.feed, self.queue = KernelGrid("grid"), IncidentFeed("feed"), TaskQueue("queue")
        self._plan_for: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.banner
        yield self.grid
        yield self.queue
        yield self.feed
        yield self.monitors
        yield self.keys_bar
        yield self.notice

    def on_mount(self) -> None:
        super().on_mount()
        self.grid.focus()

    def plan_at(self, width: int, height: int) -> Plan:
        view = self.control.view
        if view is None:
            return plan(width, height, 20)
        opened = sum(incident.state not in marks.CLOSED_INCIDENTS for incident in view.incidents)
        working = sum(task.state not in marks.FINISHED_TASKS for task in view.tasks)
        # What is shown may be fewer than all by the filter; the plan must not jump about while one types.
        return plan(width, height, len(view.kernels), banner=has_banner(view), incidents=opened, tasks=working)

    def planned(self, width: int, height: int) -> Mapping[str, Box]:
        found = self.plan_at(width, height)
        keys = found.footer if found.footer.height or not self.typing else Box(0, height - 1, width, min(1, height))
        return {
            "header": found.header,
            "banner": found.banner,
            "grid": found.grid,
            "feed": found.feed,
            "queue": found.queue,
            "monitors": found.monitors,
            "keys": keys,
        }

    def on_resize(self) -> None:
        self._place()

    def show_room(self, view: RoomView | None, freshness: Freshness) -> None:
        self.header.show(view, freshness)
        self._place()
        if view is None:
            return
        for bar in (self.banner, self.monitors):
            bar.show(view, freshness)
        boxed = self.plan_at(*self.size).boxed
        for pane in (self.grid, self.feed, self.queue):
            pane.show(view, boxed=boxed)

    def _place(self) -> None:
        """A pane without a box can have no focus; the plan is made again only where it differs."""
        found = self.planned(*self.size)
        for pane in (self.grid, self.feed, self.queue):
            visible = found[pane.id or ""].height > 0
            if pane.display != visible:
                pane.display = visible
                if not visible and pane.has_focus:
                    self.grid.focus()
        boxes = tuple(found.values())
        if boxes != self._plan_for:
            self._plan_for = boxes
            self.replan()

    @property
    def pane(self) -> Pane:
        """The pane with the focus."""
        return self.focused if isinstance(self.focused, Pane) else self.grid

    def target(self) -> Target | None:
        return self.pane.target()

    def action_move(self, step: str) -> None:
        if step in get_args(Move):
            self.pane.move(step)  # type: ignore[arg-type]

    def action_next_pane(self) -> None:
        self.focus_next()

    def action_previous_pane(self) -> None:
        self.focus_previous()

    @on(Pane.Opened)
    def action_open(self) -> None:
        if not self.pane.open_here() and (target := self._wanted("open")):
            self.post_message(self.OpenRequested(target))

    def action_leave(self) -> None:
        self.post_message(self.LeaveRequested())

    def begin_typing(self) -> None:
        self.action_filter()

    def action_filter(self) -> None:
        self.grid.focus()
        self.type(self.grid.state.query)

    def action_unfilter(self) -> None:
        self.type(None)
        self.grid.filter("")

    def action_order(self) -> None:
        self.say("kernels in the order of boot" if self.grid.turn_order() else "failed kernels first")

    def action_to_down(self, by: int) -> None:
        self.grid.focus()
        if not self.grid.to_down(by):
            self.say("no kernel here is failing")

    def type(self, text: str | None) -> None:
        super().type(text)
        self._place()

    def was_typed(self, text: str) -> None:
        self.grid.filter(text)

    def typing_dropped(self) -> None:
        self.grid.filter("")
