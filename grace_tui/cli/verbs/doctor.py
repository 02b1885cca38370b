"""`grace-tui doctor`: check this machine, terminal and workspace."""

import textwrap
from collections.abc import Iterator, Sequence

import click

from grace_tui.cli.asking import about_workspace, json_option, show, show_json
from grace_tui.cli.doctor.finding import Finding
from grace_tui.cli.exits import BAD, DONE
from grace_tui.cli.text import cell_width, clean, terminal_width
from grace_tui.workspace import Workspace

MARKS = {"ok": "✓", "warn": "!", "bad": "✖"}
ENDLESS = 10_000
"""Columns where output goes to no terminal: nothing is broken there."""
LEAST = 20
"""Narrowest that a finding is broken to."""


@click.command()
@json_option
@about_workspace
def command(workspace: Workspace, as_json: bool) -> int:
    """Check that a room can work here; exit code 1 if it cannot."""
    from grace_tui.cli.doctor import machine_findings, process_findings, terminal_findings, workspace_findings

    found = [*machine_findings(), *process_findings(), *terminal_findings(), *workspace_findings(workspace)]
    ok = all(finding.level != "bad" for finding in found)
    if as_json:
        show_json({"ok": ok, "findings": found})
    else:
        show(list(report(found, terminal_width() or ENDLESS)))
    return DONE if ok else BAD


def report(found: Sequence[Finding], width: int) -> Iterator[str]:
    """Every finding with its whole text, and below it what to do."""
    names = max(cell_width(each.name) for each in found)
    for each in found:
        head = f"{MARKS[each.level]} {each.level:<4}  {each.name:<{names}}  "
        yield from _hanging(head, each.found, width)
        if each.advice:
            yield from _hanging(" " * (len(head) - 2) + "→ ", each.advice, width)


def _hanging(head: str, text: str, width: int) -> Iterator[str]:
    """`text` beside `head`; further lines stand below its beginning."""
    for line in textwrap.wrap(clean(text), max(LEAST, width - len(head)), break_on_hyphens=False) or [""]:
        yield f"{head}{line}".rstrip()
        head = " " * len(head)
