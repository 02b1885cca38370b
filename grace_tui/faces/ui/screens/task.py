"""The page of a repair: how it stands, its gates, the candidates, the diff; approve, reject, edit, retry, undo."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Target
from grace_tui.faces.ui.keys import TASK_KEYS, Key, bindings
from grace_tui.faces.ui.lines.form import Field, Form
from grace_tui.faces.ui.lines.header import Freshness
from grace_tui.faces.ui.lines.pages import task_facts
from grace_tui.faces.ui.lines.said import Said, Saying
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.page import Page, PageScreen, Section
from grace_tui.faces.views import RoomView, TaskView
from grace_tui.kernel.errors import GraceError


class TaskScreen(PageScreen):
    KEYS: ClassVar[tuple[Key, ...]] = TASK_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TASK_KEYS)]

    def __init__(self, control: RoomControl, target: Target) -> None:
        record = Section("details", commands.task_record(target.id))
        super().__init__(control, Page(f"task {target.id}", target, self._facts, (record,)))
        self.id_ = target.id
        self._read_for: tuple[object, ...] = ()

    def _facts(self, view: RoomView) -> Sequence[Saying]:
        task = commands.task_in(view, self.id_)
        return task_facts(task) if task else [Said("this repair is not kept any more", "muted")]

    def show_room(self, view: RoomView | None, freshness: Freshness) -> None:
        super().show_room(view, freshness)
        task = commands.task_in(view, self.id_)
        if task is not None and self.is_mounted and (task.state, task.detail) != self._read_for:
            self._read_for = (task.state, task.detail)
            self._read()

    def action_approve(self) -> None:
        if task := self._in_state("approved", "waiting_for_approval"):
            self.act(commands.approve(task))

    def action_reject(self) -> None:
        if task := self._in_state("rejected", "waiting_for_approval"):
            self.act(commands.reject(task))

    def action_retry(self) -> None:
        if task := self._in_state("retried", "failed", "undone"):
            self.act(commands.retry(task))

    def action_undo(self) -> None:
        task = self._in_state("undone", "learned")
        if task and self.may_act():
            self.run_worker(self._undo(task), group="acts")

    def action_edit(self) -> None:
        task = self._in_state("edited", "waiting_for_approval", "failed")
        if task and self.may_act():
            self.run_worker(self._edit(task), group="acts")

    async def _undo(self, task: TaskView) -> None:
        why = Field("reason", "why", needed="say why it is taken back: the same change is not made again without you")
        values = await self.control.filled(Form(f"undo {task.title}", (why,)))
        if values is not None:
            await self.carry_out(commands.undo(task, values["reason"]))

    async def _edit(self, task: TaskView) -> None:
        answer = await self.control.ask_room(commands.task_record(task.id))
        diff = answer.data.get("diff")
        if not isinstance(diff, str) or not diff:
            self.say(answer.text if not answer.ok else f"{task.id} has no diff to edit", failed=True)
            return
        try:
            edited = await self.control.edited(diff, f"{task.id}.diff")
        except GraceError as problem:
            self.say(str(problem), failed=True)
            return
        if edited is None:
            self.say(f"no editor can be started in this screen; run: grace-tui task edit {task.id}", failed=True)
        elif edited == diff:
            self.say("nothing was edited; the repair stays as it is")
        else:
            await self.carry_out(commands.edit(task, edited))

    def _in_state(self, done: str, *states: str) -> TaskView | None:
        """The task where it is in one of these states; else it is said why nothing can be done."""
        task = commands.task_in(self.control.view, self.id_)
        if task is not None and task.state in states:
            return task
        wanted = " or ".join(state.replace("_", " ") for state in states)
        here = f"it is {task.state.replace('_', ' ')}" if task else "it is not kept any more"
        self.say(f"{here}; only a repair that is {wanted} can be {done}", failed=True)
        return None
