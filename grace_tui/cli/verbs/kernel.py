"""`grace-tui kernel`: list, look at and drive the kernels of the room."""

import re

import click

from grace_tui.cli.asking import about_workspace, ask, json_option, show, show_answer, show_json
from grace_tui.cli.driving import Wait, drive, names_and_wait
from grace_tui.cli.exits import WRONG, Ended
from grace_tui.cli.following import MOST_AT_ONCE, follow, last_lines
from grace_tui.cli.opening import talk
from grace_tui.cli.text import Column, clean, size, table
from grace_tui.faces.views import KernelView
from grace_tui.kernel.spelling import duration
from grace_tui.workspace import Workspace

ACTS = {
    "start": "Start kernels that are stopped.",
    "stop": "Stop kernels; they stay stopped.",
    "restart": "Stop and start kernels, with what their files and grace.toml say now.",
    "pause": "Let kernels stand still, with their state.",
    "resume": "Let paused kernels go on.",
}
COLUMNS = (
    Column("KERNEL"),
    Column("STATE"),
    Column("SINCE", right=True),
    Column("RESTARTS", right=True, drop=4),
    Column("HOST", drop=1),
    Column("CPU", right=True, drop=2),
    Column("RSS", right=True, drop=3),
    Column("DETAIL", flexible=True),
)
ALIVE = ("starting", "running", "paused")
"""States in which a kernel has processes; in the others its figures are those of the last."""


@click.group()
def command() -> None:
    """List, look at and drive kernels."""


@command.command("list")
@json_option
@about_workspace
def list_kernels(workspace: Workspace, as_json: bool) -> int:
    """List the kernels in the order they start."""
    found = ask(workspace, "kernel.list").part("kernels", list[KernelView])
    return show_json(found) if as_json else show(table(COLUMNS, [_row(kernel) for kernel in found]))


@command.command("show")
@click.argument("name")
@json_option
@about_workspace
def show_kernel(workspace: Workspace, name: str, as_json: bool) -> int:
    """Show everything the room knows of a kernel."""
    return show_answer(ask(workspace, "kernel.show", name=name), as_json)


@command.command("logs")
@click.argument("name")
@click.option("-n", "--lines", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many.")
@click.option("-f", "--follow", "follows", is_flag=True, help="Go on with what is written from now on.")
@click.option("--grep", metavar="RE", help="Only lines in which this regular expression is found.")
@json_option
@about_workspace
def kernel_logs(workspace: Workspace, name: str, lines: int, follows: bool, grep: str | None, as_json: bool) -> int:
    """Show the last lines of a kernel's log.

    With --follow, --json prints each line as the log has it: an object with at, level, message and fields.
    """
    wanted = _pattern(grep)
    if follows:
        return follow(workspace, name, lines, wanted, as_json)
    if lines > MOST_AT_ONCE:
        found = list(last_lines(workspace, name, lines))
    else:
        found = ask(workspace, "kernel.logs", name=name, lines=lines).part("lines", list[str])
    if not found and not as_json:
        talk(clean(f"{name} has written nothing yet"))
    chosen = [line for line in found if wanted.search(line)]
    return show_json(chosen) if as_json else show([clean(line) for line in chosen])


def _pattern(text: str | None) -> re.Pattern[str]:
    try:
        return re.compile(text or "")
    except re.error as error:
        raise Ended(f"--grep {text}: not a regular expression: {error}", WRONG) from error


def _act(verb: str, doc: str) -> click.Command:
    @click.argument("names", metavar="NAME...", nargs=-1)
    @click.option("--reason", default="", help="Why; kept in the audit log.")
    @click.option(
        "--wait",
        is_flag=False,
        flag_value=str(Wait.seconds),
        metavar="[SECONDS]",
        help=f"Return once it is done, with exit code 1 if it is not within {Wait.seconds:g} (or SECONDS) seconds.",
    )
    @json_option
    @about_workspace
    def act(workspace: Workspace, names: tuple[str, ...], reason: str, wait: str | None, as_json: bool) -> int:
        kernels, patience = names_and_wait(names, wait)
        return drive(workspace, verb, kernels, reason, patience, as_json)

    return click.command(verb, help=f"{doc} The name of a group of replicas means all of them.")(act)


for _verb, _doc in ACTS.items():
    command.add_command(_act(_verb, _doc))


def _row(kernel: KernelView) -> tuple[str, ...]:
    says = kernel.error or kernel.detail if kernel.state != "running" else kernel.detail or kernel.summary
    name = f"{kernel.name} *" if kernel.critical else kernel.name
    vitals = kernel.vitals if kernel.state in ALIVE else None
    cpu = f"{vitals.cpu_percent:.0f}%" if vitals else ""
    rss = size(vitals.rss_bytes) if vitals else ""
    return name, kernel.state, duration(kernel.since), str(kernel.restarts), kernel.isolation, cpu, rss, says
