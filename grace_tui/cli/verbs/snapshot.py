"""`grace-tui snapshot`: the copies the room keeps of the workspace's files."""

import click

from grace_tui.cli.asking import about_workspace, ask, json_option, show, show_json
from grace_tui.cli.text import Column, moment, size, table
from grace_tui.kernel.records import SnapshotRecord
from grace_tui.workspace import Workspace

COLUMNS = (
    Column("SNAPSHOT"),
    Column("TAKEN"),
    Column("FILES", right=True),
    Column("NEW", right=True),
    Column("WHY", flexible=True),
)


@click.group()
def command() -> None:
    """List snapshots of the workspace."""


@command.command("list")
@json_option
@about_workspace
def list_snapshots(workspace: Workspace, as_json: bool) -> int:
    """List snapshots, newest first."""
    found = ask(workspace, "snapshot.list").part("snapshots", list[SnapshotRecord])
    rows = [(kept.id, moment(kept.at), str(kept.files), size(kept.bytes), kept.reason) for kept in found]
    return show_json(found) if as_json else show(table(COLUMNS, rows))
