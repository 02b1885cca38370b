"""The three panes one can walk in: the kernel grid, the incident feed and the queue of the coding agent."""

from dataclasses import replace
from typing import Generic, Literal

from textual import events
from textual.message import Message

from grace_tui.faces.ui.commands import Target
from grace_tui.faces.ui.draw import marks
from grace_tui.faces.ui.draw.frame import inner_size
from grace_tui.faces.ui.draw.line import Line
from grace_tui.faces.ui.lines import grid, listing
from grace_tui.faces.ui.lines.feed import Folded, feed_lines, in_order
from grace_tui.faces.ui.lines.filter import passes
from grace_tui.faces.ui.lines.queue import task_lines
from grace_tui.faces.ui.widgets.canvas import Canvas
from grace_tui.faces.views import IncidentView, RoomView, TaskView

Move = Literal["up", "down", "left", "right", "first", "last", "page_up", "page_down"]


WHEEL_ROWS = 3
"""Rows of one-line tiles a notch of the wheel goes."""


class Pane(Canvas):
    """A canvas with a selection that is kept by name, so that it survives whatever comes and goes around it."""

    can_focus = True

    class Opened(Message):
        """The selected thing was opened with the mouse."""

    def target(self) -> Target | None:
        """What acts are done to."""
        raise NotImplementedError

    def open_here(self) -> bool:
        """Open what has no page of its own; returns whether the selected is such."""
        return False

    def show(self, view: RoomView, *, boxed: bool) -> None:
        raise NotImplementedError

    def move(self, step: Move) -> None:
        raise NotImplementedError

    def select_at(self, x: int, y: int) -> bool:
        raise NotImplementedError

    def scroll_rows(self, by: int) -> None:
        raise NotImplementedError

    def focus_changed(self, focused: bool) -> None:
        raise NotImplementedError

    def on_focus(self) -> None:
        self.focus_changed(True)

    def on_blur(self) -> None:
        self.focus_changed(False)

    def on_click(self, event: events.Click) -> None:
        if self.select_at(event.x, event.y) and event.chain == 2:
            self.post_message(self.Opened())

    def on_mouse_scroll_up(self) -> None:
        self.scroll_rows(-1)

    def on_mouse_scroll_down(self) -> None:
        self.scroll_rows(1)


class KernelGrid(Pane):
    """Every kernel as a tile. One widget for all of them: twenty widgets would cost twice the CPU."""

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__(id)
        self.state = grid.GridState()
        self.cache = grid.TileCache()
        self.view: RoomView | None = None

    def show(self, view: RoomView, *, boxed: bool) -> None:
        self.view = view
        kernels = tuple(kernel for kernel in view.kernels if passes(kernel, self.state.query))
        changed = replace(self.state, kernels=kernels, total=len(view.kernels), boxed=boxed)
        keep = self.state.chosen and any(kernel.name == self.state.selected for kernel in kernels)
        selected = self.state.selected if keep else grid.first_to_see(kernels)
        changed = replace(changed, selected=selected, chosen=keep)
        changed = replace(changed, top=grid.anchored_top(self.state, changed, *self.size))
        self._become(changed, follow=selected != self.state.selected)

    def filter(self, query: str) -> None:
        """Show only kernels that pass `query`."""
        self.state = replace(self.state, query=query)
        if self.view is not None:
            self.show(self.view, boxed=self.state.boxed)

    def turn_order(self) -> bool:
        """Failures first, or the order of boot; returns whether it is the latter now."""
        self._become(replace(self.state, boot_order=not self.state.boot_order), follow=True)
        return self.state.boot_order

    def to_down(self, by: int) -> bool:
        """Select the next kernel that is down, or the one before; returns whether there is one."""
        name = grid.next_down(grid.ordered(self.state, *self.size), self.state.selected, by)
        if name:
            self._become(replace(self.state, selected=name, chosen=True), follow=True)
        return bool(name)

    def target(self) -> Target | None:
        name = self.state.selected
        return Target("kernel", name, name) if name else None

    def move(self, step: Move) -> None:
        names = [kernel.name for kernel in grid.ordered(self.state, *self.size)]
        if not names:
            return
        columns = grid.tiles_in(self.state, *self.size).columns
        page = columns * grid.rows_in_sight(self.state, *self.size)
        at = names.index(self.state.selected) if self.state.selected in names else 0
        to = {
            "up": at - columns if at >= columns else at,
            "down": at + columns if at + columns < len(names) else at,
            "left": at - 1,
            "right": at + 1,
            "first": 0,
            "last": len(names) - 1,
            "page_up": at - page,
            "page_down": at + page,
        }[step]
        self._become(replace(self.state, selected=names[max(0, min(to, len(names) - 1))], chosen=True), follow=True)

    def select_at(self, x: int, y: int) -> bool:
        name = grid.kernel_at(self.state, x, y, *self.size)
        if name:
            self._become(replace(self.state, selected=name, chosen=True), follow=True)
        return bool(name)

    def scroll_rows(self, by: int) -> None:
        """Who has scrolled is looking at something: no failure elsewhere takes it away."""
        rows = by * (WHEEL_ROWS if grid.tiles_in(self.state, *self.size).lines == 1 else 1)
        before = self.state.top
        self._become(replace(self.state, top=before + rows), follow=False)
        self.state = replace(self.state, chosen=self.state.chosen or self.state.top != before)

    def focus_changed(self, focused: bool) -> None:
        self._become(replace(self.state, focused=focused), follow=focused)

    def on_resize(self) -> None:
        self._become(self.state, follow=True)

    def _become(self, state: grid.GridState, *, follow: bool) -> None:
        place = grid.top_for if follow else grid.clamped_top
        self.state = replace(state, top=place(state, *self.size))
        self.repaint()

    def make_lines(self, width: int, height: int) -> list[Line]:
        return grid.grid_lines(self.state, width, height, self.paint, self.cache)


class ListPane(Pane, Generic[listing.Item]):
    """A pane that lists items; only those in sight are drawn."""

    def __init__(self, id: str, state: listing.ListState[listing.Item], draw: listing.Draw) -> None:  # noqa: A002
        super().__init__(id)
        self.state = state
        self.drawn: listing.Drawn[listing.Item] = listing.Drawn(draw)

    def show_items(
        self, items: tuple[listing.Item, ...], *, boxed: bool, alarming: bool = False, note: str = ""
    ) -> None:
        known = {item.id for item in items}
        selected = self.state.selected if self.state.selected in known else items[0].id if items else ""
        state = replace(self.state, items=items, selected=selected, boxed=boxed, alarming=alarming, note=note)
        top = listing.anchored_top(self.state, state, self.size.width, self.paint, self.drawn)
        self._become(replace(state, top=top), follow=False)

    def move(self, step: Move) -> None:
        ids = [item.id for item in self.state.items]
        if not ids:
            return
        at = ids.index(self.state.selected) if self.state.selected in ids else 0
        page = max(1, inner_size(*self.size, self.state.boxed)[1] // 3)
        to = {"up": at - 1, "down": at + 1, "first": 0, "last": len(ids), "page_up": at - page, "page_down": at + page}
        index = max(0, min(to.get(step, at), len(ids) - 1))
        self._become(replace(self.state, selected=ids[index]), follow=True)

    def select_at(self, x: int, y: int) -> bool:
        found = listing.item_at(self.state, y, *self.size, self.paint, self.drawn)
        if found:
            self._become(replace(self.state, selected=found), follow=True)
        return bool(found)

    def scroll_rows(self, by: int) -> None:
        self._become(replace(self.state, top=self.state.top + by), follow=False)

    def focus_changed(self, focused: bool) -> None:
        self._become(replace(self.state, focused=focused), follow=focused)

    def on_resize(self) -> None:
        self._become(self.state, follow=True)

    def selected_item(self) -> listing.Item | None:
        return next((item for item in self.state.items if item.id == self.state.selected), None)

    def _become(self, state: listing.ListState[listing.Item], *, follow: bool) -> None:
        place = listing.top_for if follow else listing.clamped_top
        state = replace(state, roomy=inner_size(*self.size, state.boxed)[1] >= listing.ROOMY)
        self.state = replace(state, top=place(state, *self.size, self.paint, self.drawn))
        self.repaint()

    def make_lines(self, width: int, height: int) -> list[Line]:
        return listing.list_lines(self.state, width, height, self.paint, self.drawn)


class IncidentFeed(ListPane[IncidentView | Folded]):
    """Open incidents first, then the hidden as one row, then the closed ones; newest first in each."""

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__(id, listing.ListState("incidents", empty="no incidents"), feed_lines)
        self.unfolded = False
        self.view: RoomView | None = None

    def show(self, view: RoomView, *, boxed: bool) -> None:
        self.view = view
        opened = sum(incident.state not in marks.CLOSED_INCIDENTS for incident in view.incidents)
        closed = max(view.incidents_total, len(view.incidents)) - opened - view.suppressed
        note = f"{opened} open" if opened else f"{closed} closed" if closed > 0 else ""
        items = in_order(view.incidents, unfolded=self.unfolded)
        self.show_items(items, boxed=boxed, alarming=opened > 0, note=note)

    def open_here(self) -> bool:
        if not isinstance(self.selected_item(), Folded) or self.view is None:
            return False
        self.unfolded = not self.unfolded
        self.show(self.view, boxed=self.state.boxed)
        return True

    def target(self) -> Target | None:
        incident = self.selected_item()
        return Target("incident", incident.id, incident.kernel) if isinstance(incident, IncidentView) else None


class TaskQueue(ListPane[TaskView]):
    """The coding agent's tasks in the order of the view: open ones first."""

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__(id, listing.ListState("coding agent", empty="nothing to repair"), task_lines)

    def show(self, view: RoomView, *, boxed: bool) -> None:
        finished = sum(task.state in marks.FINISHED_TASKS for task in view.tasks)
        self.show_items(view.tasks, boxed=boxed, note=f"{finished} finished" if finished else "")

    def target(self) -> Target | None:
        task = self.selected_item()
        return Target("task", task.id, task.kernel) if task else None
