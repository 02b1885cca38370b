"""`grace-tui incident`: what broke, and what was done about it."""

from collections.abc import Sequence
from typing import get_args

import click

from grace_tui.cli.asking import PATIENCE, about_workspace, ask, json_option, question, show, show_answer, show_json
from grace_tui.cli.exits import BAD, DONE
from grace_tui.cli.opening import talk
from grace_tui.cli.text import Column, clean, moment, table
from grace_tui.faces.views import IncidentView
from grace_tui.kernel.records import IncidentState
from grace_tui.workspace import Workspace

COLUMNS = (
    Column("INCIDENT"),
    Column("LAST"),
    Column("KERNEL"),
    Column("STATE"),
    Column("OWNER", drop=2),
    Column("×", right=True),
    Column("/MIN", right=True, drop=1),
    Column("WHAT", flexible=True),
)
SHOWN = 200
"""Incidents that a table shows of those that are kept."""
SETTLED = ("resolved", "suppressed")

ids_argument = click.argument("ids", metavar="ID...", nargs=-1, required=True)
reason_option = click.option("--reason", required=True, help="Why; kept in its timeline.")


@click.group()
def command() -> None:
    """List incidents, look at them, and say what becomes of them."""


@command.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not settled.")
@click.option("--state", type=click.Choice(get_args(IncidentState)), help="Only those in this state.")
@click.option("--kernel", default="", help="Only those of this kernel.")
@click.option("--owner", help='Only those that this person looks after; "" lists those that nobody does.')
@click.option("--all", "every", is_flag=True, help=f"All that are kept, not the newest {SHOWN}.")
@json_option
@about_workspace
def list_incidents(
    workspace: Workspace,
    only_open: bool,
    state: str | None,
    kernel: str,
    owner: str | None,
    every: bool,
    as_json: bool,
) -> int:
    """List incidents, newest first."""
    found = [
        incident
        for incident in ask(workspace, "incident.list").part("incidents", list[IncidentView])
        if not (only_open and incident.state in SETTLED)
        and state in (None, incident.state)
        and kernel in ("", incident.kernel)
        and owner in (None, incident.owner)
    ]
    if as_json:
        return show_json(found)
    shown = found if every else found[:SHOWN]
    if len(shown) < len(found):
        talk(f"{len(found) - len(shown)} older ones are left out; --all lists them")
    return show(table(COLUMNS, [_row(incident) for incident in shown]))


@command.command("show")
@click.argument("incident_id", metavar="ID")
@json_option
@about_workspace
def show_incident(workspace: Workspace, incident_id: str, as_json: bool) -> int:
    """Show an incident with its timeline and the most telling parts of its evidence."""
    return show_answer(ask(workspace, "incident.show", id=incident_id), as_json)


@command.command("evidence")
@click.argument("incident_id", metavar="ID")
@click.argument("file", default="")
@json_option
@about_workspace
def show_evidence(workspace: Workspace, incident_id: str, file: str, as_json: bool) -> int:
    """List the files of an incident's evidence, or print one."""
    answer = ask(workspace, "incident.evidence", id=incident_id, file=file)
    if file and as_json:
        return show_json({**answer.data, "text": answer.text})
    return show_answer(answer, as_json)


@command.command("ack")
@ids_argument
@click.option("--owner", default="", help="Who looks after them, if not you.")
@click.option("--reason", default="", help="Why; kept in the timeline.")
@json_option
@about_workspace
def acknowledge(workspace: Workspace, ids: Sequence[str], owner: str, reason: str, as_json: bool) -> int:
    """Say that you look after incidents, or that somebody else does."""
    if not owner:
        return _act(workspace, "ack", ids, as_json, reason=reason)
    return _act(workspace, "take", ids, as_json, owner=owner, reason=reason)


command.add_command(acknowledge, "take")


@command.command("note")
@click.argument("incident_id", metavar="ID")
@click.argument("text")
@json_option
@about_workspace
def note(workspace: Workspace, incident_id: str, text: str, as_json: bool) -> int:
    """Put a line into an incident's timeline."""
    return _act(workspace, "note", (incident_id,), as_json, text=text)


@command.command("release")
@ids_argument
@reason_option
@json_option
@about_workspace
def release(workspace: Workspace, ids: Sequence[str], reason: str, as_json: bool) -> int:
    """Say that nobody looks after incidents any more."""
    return _act(workspace, "release", ids, as_json, reason=reason)


@command.command("resolve")
@ids_argument
@reason_option
@json_option
@about_workspace
def resolve(workspace: Workspace, ids: Sequence[str], reason: str, as_json: bool) -> int:
    """Say that incidents are over."""
    return _act(workspace, "resolve", ids, as_json, reason=reason)


@command.command("reopen")
@ids_argument
@reason_option
@json_option
@about_workspace
def reopen(workspace: Workspace, ids: Sequence[str], reason: str, as_json: bool) -> int:
    """Say that incidents which were resolved are not over."""
    return _act(workspace, "reopen", ids, as_json, reason=reason)


def _act(workspace: Workspace, act: str, ids: Sequence[str], as_json: bool, **args: str) -> int:
    """Do it to each; one that is refused is told, and keeps nothing from the others."""
    told = []
    for incident_id in dict.fromkeys(ids):
        answer = question(workspace, f"incident.{act}", PATIENCE, id=incident_id, **args)
        told.append({"incident": incident_id, "act": act, "ok": answer.ok, "text": answer.text})
        if not (as_json and answer.ok):
            talk(clean(answer.text) if answer.ok else f"grace-tui: {clean(answer.text)}")
    if as_json:
        show_json(told if len(told) > 1 else told[0])
    return DONE if all(each["ok"] for each in told) else BAD


def _row(found: IncidentView) -> tuple[str, ...]:
    count = f"{found.count}"
    rate = f"{found.rate:g}" if found.rate else ""
    return (found.id, moment(found.last_at)[11:], found.kernel, found.state, found.owner, count, rate, found.title)
