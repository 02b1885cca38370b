"""`grace-tui incident`: what broke, and what was done about it."""

import click

from grace_tui.cli.asking import about_workspace, ask, json_option, show, show_act, show_answer, show_json
from grace_tui.cli.text import Column, moment, table
from grace_tui.faces.views import IncidentView
from grace_tui.workspace import Workspace

COLUMNS = (
    Column("INCIDENT"),
    Column("LAST"),
    Column("KERNEL"),
    Column("STATE"),
    Column("×", right=True),
    Column("WHAT", flexible=True),
)


@click.group()
def command() -> None:
    """List, look at and acknowledge incidents."""


@command.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not settled.")
@json_option
@about_workspace
def list_incidents(workspace: Workspace, only_open: bool, as_json: bool) -> int:
    """List incidents, newest first."""
    found = ask(workspace, "incident.list").part("incidents", list[IncidentView])
    if only_open:
        found = [incident for incident in found if incident.state not in ("resolved", "suppressed")]
    return show_json(found) if as_json else show(table(COLUMNS, [_row(incident) for incident in found]))


@command.command("show")
@click.argument("incident_id", metavar="ID")
@json_option
@about_workspace
def show_incident(workspace: Workspace, incident_id: str, as_json: bool) -> int:
    """Show an incident with its timeline."""
    return show_answer(ask(workspace, "incident.show", id=incident_id), as_json)


@command.command("ack")
@click.argument("incident_id", metavar="ID")
@click.option("--reason", default="", help="Why; kept in the audit log.")
@json_option
@about_workspace
def acknowledge(workspace: Workspace, incident_id: str, reason: str, as_json: bool) -> int:
    """Say that you have seen an incident."""
    answer = ask(workspace, "incident.ack", id=incident_id, reason=reason)
    return show_act(answer, as_json, incident=incident_id, act="ack")


def _row(found: IncidentView) -> tuple[str, ...]:
    return found.id, moment(found.last_at)[11:], found.kernel, found.state, str(found.count), found.title
