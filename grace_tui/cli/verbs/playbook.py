"""`grace-tui playbook`: what the room does about incidents by itself, its runs, and what they ask."""

from pathlib import Path

import click
import msgspec

from grace_tui.cli.asking import (
    about_workspace,
    ask,
    json_option,
    question,
    read,
    show,
    show_act,
    show_answer,
    show_json,
)
from grace_tui.cli.exits import BAD, DONE, WRONG, Ended
from grace_tui.cli.opening import talk
from grace_tui.cli.text import Column, clean, moment, table
from grace_tui.faces.views import RunView
from grace_tui.kernel.spelling import plural
from grace_tui.workspace import Workspace

PLAYBOOKS = (
    Column("PLAYBOOK"),
    Column("WORKED", right=True),
    Column("FAILED", right=True),
    Column("SCORE", right=True, drop=2),
    Column("FILE", drop=1),
    Column("WHAT FOR", flexible=True),
)
RUNS = (
    Column("RUN"),
    Column("BEGAN", drop=1),
    Column("PLAYBOOK"),
    Column("INCIDENT", drop=2),
    Column("STATE"),
    Column("WHAT", flexible=True),
)


class Listed(msgspec.Struct, frozen=True):
    name: str
    says: str
    file: str
    succeeded: int
    failed: int
    score: float


@click.group()
def command() -> None:
    """List, run and check playbooks; see their runs, and answer what they ask."""


@command.command("list")
@json_option
@about_workspace
def list_playbooks(workspace: Workspace, as_json: bool) -> int:
    """List the playbooks in force, and how often each worked."""
    answer = ask(workspace, "playbook.list")
    if answer.text:
        talk(clean(answer.text))
    data = answer.part("playbooks", list[dict[str, object]])
    return show_json(data) if as_json else show(table(PLAYBOOKS, [_row(read(found, Listed)) for found in data]))


@command.command("show")
@click.argument("name")
@json_option
@about_workspace
def show_playbook(workspace: Workspace, name: str, as_json: bool) -> int:
    """Show a playbook as it is written, with its last runs."""
    return show_answer(ask(workspace, "playbook.show", name=name), as_json)


@command.command("run")
@click.argument("name")
@click.argument("incident")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option("--reason", default="", help="Why; kept in the run's record.")
@json_option
@about_workspace
def run_playbook(workspace: Workspace, name: str, incident: str, yes: bool, reason: str, as_json: bool) -> int:
    """Run a playbook for an incident, whatever its condition and its budget say.

    Exit code 1: it failed or was taken back.
    """
    if not yes:
        steps = ask(workspace, "playbook.show", name=name).part("playbook", dict[str, object]).get("steps")
        told = ", ".join(read(steps, list[str]))
        if not click.confirm(f"Run {name} for {incident} ({told})?", err=True):
            raise Ended("nothing was done", BAD)
    answer = question(workspace, "playbook.run", timeout=30.0, name=name, incident=incident, reason=reason)
    code = show_act(answer, as_json, playbook=name, incident=incident)
    return code if answer.ok else BAD


@command.command("runs")
@click.argument("run_id", metavar="[ID]", required=False)
@json_option
@about_workspace
def show_runs(workspace: Workspace, run_id: str | None, as_json: bool) -> int:
    """List runs, newest first; with an ID show one step by step."""
    if run_id:
        return show_answer(ask(workspace, "playbook.runs", id=run_id), as_json)
    found = ask(workspace, "playbook.runs").part("runs", list[RunView])
    return show_json(found) if as_json else show(table(RUNS, [_run(run) for run in found]))


@command.command("answer")
@click.argument("run_id", metavar="RUN")
@click.argument("said", metavar="yes|no", type=click.Choice(("yes", "no")))
@json_option
@about_workspace
def answer_run(workspace: Workspace, run_id: str, said: str, as_json: bool) -> int:
    """Answer what a run asks.

    Exit code 1: after your yes it failed or was taken back.
    """
    answer = question(workspace, "playbook.answer", timeout=30.0, id=run_id, yes=said == "yes")
    code = show_act(answer, as_json, run=run_id, said=said)
    return code if answer.ok else BAD


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@json_option
@about_workspace
def check_playbooks(workspace: Workspace, file: Path | None, as_json: bool) -> int:
    """Read the workspace's playbooks (or FILE) and tell every line that cannot be used. Needs no open room.

    Exit code 2: there is one.
    """
    from grace_tui.room.checking_playbooks import check

    found = check(workspace, file)
    if as_json:
        show_json(found)
        return WRONG if found.refused else DONE
    for problem in found.refused:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        talk(clean(f"{place}: {problem.problem}"))
    good = f"{plural(len(found.playbooks), 'playbook')} can be used"
    talk(good if not found.refused else f"{good}; {plural(len(found.refused), 'line')} cannot")
    return WRONG if found.refused else DONE


def _row(found: Listed) -> tuple[str, ...]:
    score = f"{found.score:.0%}" if found.succeeded + found.failed else "–"
    return found.name, str(found.succeeded), str(found.failed), score, found.file, found.says


def _run(run: RunView) -> tuple[str, ...]:
    what = run.question or run.detail
    return run.id, moment(run.started_at), run.playbook, run.incident_id, run.state.replace("_", " "), what
