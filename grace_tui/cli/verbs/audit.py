"""`grace-tui audit`: the hash-chained log of every act."""

import click

from grace_tui.cli.asking import about_workspace, ask, json_option, question, read, show, show_json
from grace_tui.cli.exits import BAD, DONE, Ended
from grace_tui.cli.text import Column, clean, moment, table
from grace_tui.kernel.records import AuditEntry, AuditReport
from grace_tui.kernel.spelling import duration
from grace_tui.workspace import Workspace

COLUMNS = (
    Column("#", right=True),
    Column("WHEN"),
    Column("ACTOR"),
    Column("ACTION"),
    Column("RESOURCE", flexible=True),
    Column("RESULT", flexible=True),
)


@click.group()
def command() -> None:
    """Read and check the audit log."""


@command.command("verify")
@json_option
@about_workspace
def verify(workspace: Workspace, as_json: bool) -> int:
    """Walk the whole chain; exit code 1 if it is broken."""
    answer = question(workspace, "audit.verify", timeout=120.0)
    if not answer.data:
        raise Ended(answer.text or "the room did not verify its audit log", BAD)
    report = read(answer.data, AuditReport)
    if as_json:
        show_json(report)
    elif report.ok:
        show(f"ok: {report.entries} entries, head {report.head[:16]}, in {duration(report.seconds)}")
    else:
        show(clean(f"broken: {report.problem} (of {report.entries} entries)"))
    return DONE if report.ok else BAD


@command.command("tail")
@click.option("-n", "--lines", type=click.IntRange(1, 10000), default=20, show_default=True, help="How many.")
@json_option
@about_workspace
def tail(workspace: Workspace, lines: int, as_json: bool) -> int:
    """Show the newest entries, oldest of them first."""
    found = ask(workspace, "audit.tail", lines=lines).part("entries", list[AuditEntry])
    return show_json(found) if as_json else show(table(COLUMNS, [_row(entry) for entry in found]))


def _row(entry: AuditEntry) -> tuple[str, ...]:
    words = (str(entry.record.get(key, "")) for key in ("actor", "action", "resource", "result"))
    return str(entry.sequence), moment(entry.at), *words
