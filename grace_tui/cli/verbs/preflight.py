"""`grace-tui preflight`: import every module of a tree, name what fails and why, and repair it. Needs no open room."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grace_tui.cli.asking import json_option, show_json
from grace_tui.cli.exits import BAD, DONE, INTERRUPTED, WRONG, Ended
from grace_tui.cli.opening import talk
from grace_tui.cli.text import Column, clean, cut, table, terminal_width
from grace_tui.cli.verbs.heal import SIGNALS, ready
from grace_tui.kernel.spelling import plural

if TYPE_CHECKING:
    from grace_tui.healing.repair.preflight import Preflight, Report

KINDS = {
    "inside": "inside",
    "third_party": "third party",
    "environment": "environment",
    "syntax": "syntax",
    "acts_on_import": "acts on import",
}
COLUMNS = (
    Column("BLOCKS", right=True),
    Column("CLASS"),
    Column("FAILURE", flexible=True),
    Column("AT", flexible=True),
    Column("PROVIDER", flexible=True, drop=1),
)
EVERY = 5.0
"""Seconds between lines of progress where there is no terminal."""
WIDE = 24


@click.command()
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The tree; the current folder if not said.",
)
@click.option("--package", "packages", multiple=True, help="Only this package and what is below it; may be repeated.")
@click.option("--heal", is_flag=True, help="Repair the causes inside the tree, in one transaction.")
@click.option("--dry-run", is_flag=True, help="With --heal: print the diff, and change nothing.")
@click.option("--rewrite-moved", is_flag=True, help="Let relative imports of a file that was moved be rewritten.")
@click.option("--python", default="", help="The interpreter; the tree's own environment if not said.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Modules imported at a time; one for each core if not said.")
@click.option("--timeout", type=click.FloatRange(1), default=30.0, show_default=True, help="Seconds for one module.")
@click.option("--time", "seconds", type=click.FloatRange(1), default=1200.0, show_default=True, help="Seconds for all.")
@json_option
def command(
    root: Path,
    packages: tuple[str, ...],
    heal: bool,
    dry_run: bool,
    rewrite_moved: bool,
    python: str,
    jobs: int | None,
    timeout: float,
    seconds: float,
    as_json: bool,
) -> int:
    """Import every module, each in a process of its own; 1 if any fails.

    What fails is grouped by its root cause, and what blocks most comes first. With --heal the providers of what is
    broken are repaired in a trial until nothing gets further; then all changes are applied at once, and `grace-tui heal
    undo` takes them back. A run that was interrupted goes on where it was.
    """
    from grace_tui.healing.repair.heal import Ledger, alone, home_of
    from grace_tui.healing.repair.preflight import Preflight, Wanted

    if dry_run and not heal:
        raise Ended("--dry-run is for --heal: without it nothing is changed", WRONG)
    root = root.resolve()
    home = ready(home_of(root))
    jobs = jobs or len(os.sched_getaffinity(0))
    wanted = Wanted(root, packages, heal, dry_run, python, jobs, timeout, seconds, rewrite_moved)
    with alone(home):
        ledger = Ledger(home)
        bar = TerminalBar()
        preflight = Preflight(wanted, home, ledger, bar)
        preflight.report.recovered = ledger.recover()
        for line in preflight.report.recovered:
            talk(line)
        code = asyncio.run(_run(preflight))
        bar.end()
    if code in (DONE, BAD):
        return show_report(preflight.report, as_json)
    talk("interrupted: no file was changed" + ("; run it again to go on from here" if heal else ""))
    return code


async def _run(preflight: "Preflight") -> int:
    """The exit code; a signal ends it in order."""
    from grace_tui.healing.repair.preflight import NoServer

    loop, work = asyncio.get_running_loop(), asyncio.ensure_future(preflight.run())
    came: list[signal.Signals] = []

    def ended_by(number: signal.Signals) -> None:
        came.append(number)
        work.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, ended_by, number)
    try:
        report = await work
    except NoServer as error:
        raise Ended(str(error), WRONG) from error
    except asyncio.CancelledError:
        return SIGNALS[came[0]] if came else INTERRUPTED
    return BAD if report.failing else DONE


def show_report(report: "Report", as_json: bool) -> int:
    """Data on stdout, talk on stderr; the exit code."""
    if as_json:
        show_json(report.plain())
    else:
        for line in summary(report):
            talk(clean(line))
        if report.dry_run and report.diff:
            print(report.plain()["diff"], end="")
        elif report.causes:
            print("\n".join(table(COLUMNS, rows(report))))
        for line in ending(report):
            talk(clean(line))
    return BAD if report.failing else DONE


def rows(report: "Report") -> list[list[str]]:
    return [
        [
            str(cause.blocks),
            KINDS[cause.kind],
            cause.failure + (f" ({cause.detail})" if cause.detail else ""),
            f"{cause.file}:{cause.line}" if cause.line else cause.file,
            cause.provider,
        ]
        for cause in report.causes
    ]


def summary(report: "Report") -> list[str]:
    """The first lines: how it is, and with --heal what it was before."""
    took = f"{report.seconds:.0f} s with {report.python}"
    if report.before is None:
        failing = f"; {report.failing} fail of {plural(len(report.causes), 'cause')}" if report.failing else ""
        return [f"{report.imported} of {report.modules} modules can be imported{failing} ({took})"]
    verb = "would change" if report.dry_run else "changed"
    was = report.before.imported
    left = f"{report.failing} fail of {plural(len(report.causes), 'cause')}" if report.failing else "none fails"
    files = plural(len(_files(report)), "file")
    return [
        f"{was} -> {report.imported} of {report.modules} modules can be imported; {left} ({took})",
        f"{plural(len(report.repairs), 'repair')} in {plural(report.rounds, 'round')}; {files} {verb}",
    ]


def ending(report: "Report") -> list[str]:
    lines = [report.reason] if report.reason else []
    refused = [cause for cause in report.causes if cause.refused]
    lines += [f"not repaired: {cause.failure} (blocks {cause.blocks}): {cause.refused}" for cause in refused]
    if report.files_changed:
        lines.append("`grace-tui heal undo` takes it back")
    if report.apart:
        lines.append(f"{len(report.apart)} files are told apart and were not imported (--json names them)")
    return lines


def _files(report: "Report") -> set[str]:
    return {path for repair in report.repairs for path in repair.files}


class TerminalBar:
    """A line on stderr that is written over on a terminal, and now and then a new one elsewhere."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self._last = 0.0
        self._shown = False

    def step(self, done: int, of: int, words: str) -> None:
        now = time.monotonic()
        if now - self._last < (0.1 if self.live else EVERY):
            return
        self._last = now
        full = WIDE * done // of if of else WIDE
        line = f"[{'#' * full}{'.' * (WIDE - full)}] {done}/{of} {words}"
        if self.live:
            print(f"\r\x1b[K{cut(clean(line), max(terminal_width() - 1, 20))}", end="", file=sys.stderr, flush=True)
            self._shown = True
        else:
            talk(clean(line))

    def say(self, words: str) -> None:
        self.end()
        talk(clean(words))

    def end(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = False
