"""`grace-tui task`: the repair queue."""

import click

from grace_tui.cli.asking import about_workspace, ask, json_option, show, show_act, show_answer, show_json
from grace_tui.cli.text import Column, table
from grace_tui.faces.views import TaskView
from grace_tui.kernel.spelling import duration
from grace_tui.workspace import Workspace

COLUMNS = (
    Column("TASK"),
    Column("P", right=True),
    Column("STATE"),
    Column("GATES", right=True),
    Column("TOOK", right=True),
    Column("WHAT", flexible=True),
)


@click.group()
def command() -> None:
    """List, look at and decide about repairs."""


@command.command("list")
@json_option
@about_workspace
def list_tasks(workspace: Workspace, as_json: bool) -> int:
    """List repairs: open ones first, then the finished."""
    found = ask(workspace, "task.list").part("tasks", list[TaskView])
    return show_json(found) if as_json else show(table(COLUMNS, [_row(task) for task in found]))


@command.command("show")
@click.argument("task_id", metavar="ID")
@json_option
@about_workspace
def show_task(workspace: Workspace, task_id: str, as_json: bool) -> int:
    """Show a repair with its gates and its diff."""
    return show_answer(ask(workspace, "task.show", id=task_id), as_json)


def _decision(verb: str, doc: str) -> click.Command:
    @click.argument("task_id", metavar="ID")
    @click.option("--reason", default="", help="Why; kept in the audit log.")
    @json_option
    @about_workspace
    def decide(workspace: Workspace, task_id: str, reason: str, as_json: bool) -> int:
        answer = ask(workspace, f"task.{verb}", timeout=30.0, id=task_id, reason=reason)
        return show_act(answer, as_json, task=task_id, act=verb)

    return click.command(verb, help=doc)(decide)


command.add_command(_decision("approve", "Let a repair that waits for you be applied."))
command.add_command(_decision("reject", "Drop a repair that waits for you."))


def _row(task: TaskView) -> tuple[str, ...]:
    passed = sum(gate.state == "passed" for gate in task.gates)
    gates = f"{passed}/{len(task.gates)}" if task.gates else ""
    took = duration(task.seconds) if task.seconds else ""
    return task.id, str(task.priority), task.state, gates, took, task.title
