"""`grace-tui task`: the repair queue."""

import subprocess
from typing import TextIO

import click
import msgspec

from grace_tui.cli.asking import about_workspace, ask, json_option, read, show, show_act, show_answer, show_json
from grace_tui.cli.exits import BAD, DONE, WRONG, Ended
from grace_tui.cli.opening import need_terminal, talk
from grace_tui.cli.text import Column, table
from grace_tui.faces.editing import Draft, editor
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
    """Show a repair: its gates, by whose word, each state's time, the candidates and the diff."""
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
command.add_command(_decision("retry", "Queue a repair that failed or was undone once more."))
command.add_command(_decision("undo", "Take a repair back, exactly; refused if a file changed since."))


@command.command("edit")
@click.argument("task_id", metavar="ID")
@click.option("--diff", "file", type=click.File("r", encoding="utf-8"), help="Take this diff (- is stdin).")
@json_option
@about_workspace
def edit_task(workspace: Workspace, task_id: str, file: TextIO | None, as_json: bool) -> int:
    """Edit the diff of a repair that waits for you, or failed, in $EDITOR.

    It goes through every gate again, and waits for you to approve it.
    """
    record = read(ask(workspace, "task.show", id=task_id).data, Edited)
    before = record.diff or next((one.diff for one in record.candidates if one.diff), "")
    if file is not None:
        diff = file.read()
    else:
        diff = _edited(before, task_id)
        if diff == before:
            talk("nothing was edited; the repair stays as it is")
            return DONE
    answer = ask(workspace, "task.edit", timeout=30.0, id=task_id, diff=diff)
    return show_act(answer, as_json, task=task_id, act="edit")


class Candidate(msgspec.Struct, frozen=True):
    diff: str = ""


class Edited(msgspec.Struct, frozen=True):
    diff: str = ""
    candidates: tuple[Candidate, ...] = ()


def _edited(text: str, task_id: str) -> str:
    """The diff as a person left it in their editor."""
    need_terminal(f"pass a diff with `grace-tui task edit {task_id} --diff FILE`")
    argv = editor()
    with Draft(text, f"{task_id}.diff") as draft:
        try:
            done = subprocess.run([*argv, str(draft.path)], check=False)
        except OSError as error:
            raise Ended(f"{argv[0]}: {error.strerror or error}; set EDITOR to yours", WRONG) from error
        if done.returncode:
            raise Ended(f"{argv[0]} ended with exit code {done.returncode}; the repair stays as it is", BAD)
        return draft.read()


def _row(task: TaskView) -> tuple[str, ...]:
    passed = sum(gate.state == "passed" for gate in task.gates)
    gates = f"{passed}/{len(task.gates)}" if task.gates else ""
    took = duration(task.seconds) if task.seconds else ""
    return task.id, str(task.priority), task.state, gates, took, task.title
