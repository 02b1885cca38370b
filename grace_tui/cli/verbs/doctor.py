"""`grace-tui doctor`: check this machine, terminal and workspace."""

import click

from grace_tui.cli.asking import about_workspace, json_option, show, show_json
from grace_tui.cli.exits import BAD, DONE
from grace_tui.cli.text import Column, table
from grace_tui.workspace import Workspace

MARKS = {"ok": "✓", "warn": "!", "bad": "✖"}
COLUMNS = (Column(""), Column("CHECK"), Column("FOUND", flexible=True), Column("WHAT TO DO", flexible=True))


@click.command()
@json_option
@about_workspace
def command(workspace: Workspace, as_json: bool) -> int:
    """Check that a room can work here; exit code 1 if it cannot."""
    from grace_tui.cli.doctor import machine_findings, terminal_findings, workspace_findings

    found = [*machine_findings(), *terminal_findings(), *workspace_findings(workspace)]
    ok = all(finding.level != "bad" for finding in found)
    if as_json:
        show_json({"ok": ok, "findings": found})
    else:
        rows = [(f"{MARKS[each.level]} {each.level}", each.name, each.found, each.advice) for each in found]
        show(table(COLUMNS, rows))
    return DONE if ok else BAD
