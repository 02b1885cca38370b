"""`grace-tui knowledge`: the fixes the room remembers."""

import click
import msgspec

from grace_tui.cli.asking import about_workspace, ask, json_option, read, show, show_answer, show_json
from grace_tui.cli.text import Column, table
from grace_tui.workspace import Workspace

COLUMNS = (
    Column("SIGNATURE"),
    Column("OPERATOR", flexible=True),
    Column("HELPED", right=True),
    Column("FAILED", right=True),
    Column("TRUST", right=True),
)


class Fix(msgspec.Struct, frozen=True):
    signature: str
    operator: str
    successes: int
    failures: int
    confidence: float


@click.group()
def command() -> None:
    """List and look at remembered fixes."""


@command.command("list")
@json_option
@about_workspace
def list_knowledge(workspace: Workspace, as_json: bool) -> int:
    """List remembered fixes."""
    data = ask(workspace, "knowledge.list").part("knowledge", list[dict[str, object]])
    return show_json(data) if as_json else show(table(COLUMNS, [_row(read(fix, Fix)) for fix in data]))


@command.command("show")
@click.argument("signature", metavar="ID")
@json_option
@about_workspace
def show_knowledge(workspace: Workspace, signature: str, as_json: bool) -> int:
    """Show a remembered fix, by its signature."""
    return show_answer(ask(workspace, "knowledge.show", id=signature), as_json)


def _row(fix: Fix) -> tuple[str, ...]:
    return fix.signature, fix.operator, str(fix.successes), str(fix.failures), f"{fix.confidence:.0%}"
