"""`grace-tui kernel`: list, look at and drive the kernels of the room."""

import click

from grace_tui.cli.asking import about_workspace, ask, json_option, show, show_answer, show_json
from grace_tui.cli.exits import DONE
from grace_tui.cli.opening import talk
from grace_tui.cli.text import Column, clean, span, table
from grace_tui.faces.views import KernelView
from grace_tui.workspace import Workspace

ACTS = {
    "start": "Start a kernel that is stopped.",
    "stop": "Stop a kernel; it stays stopped.",
    "restart": "Stop and start a kernel.",
    "pause": "Let a kernel stand still, with its state.",
    "resume": "Let a paused kernel go on.",
}
COLUMNS = (
    Column("KERNEL"),
    Column("STATE"),
    Column("FOR", right=True),
    Column("RATE", right=True),
    Column("RESTARTS", right=True),
    Column("SAYS", flexible=True),
)


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
@click.option("-n", "--lines", type=click.IntRange(1, 10000), default=50, show_default=True, help="How many.")
@json_option
@about_workspace
def kernel_logs(workspace: Workspace, name: str, lines: int, as_json: bool) -> int:
    """Show the last lines of a kernel's log."""
    found = ask(workspace, "kernel.logs", name=name, lines=lines).part("lines", list[str])
    if as_json:
        return show_json(found)
    if not found:
        talk(clean(f"{name} has written nothing yet"))
    return show([clean(line) for line in found])


def _act(verb: str, doc: str) -> click.Command:
    @click.argument("name")
    @click.option("--reason", default="", help="Why; kept in the audit log.")
    @json_option
    @about_workspace
    def act(workspace: Workspace, name: str, reason: str, as_json: bool) -> int:
        answer = ask(workspace, f"kernel.{verb}", timeout=60.0, name=name, reason=reason)
        if as_json:
            return show_json({"kernel": name, "act": verb, "text": answer.text})
        talk(clean(answer.text))
        return DONE

    return click.command(verb, help=doc)(act)


for _verb, _doc in ACTS.items():
    command.add_command(_act(_verb, _doc))


def _row(kernel: KernelView) -> tuple[str, ...]:
    says = kernel.error or kernel.detail if kernel.state != "running" else kernel.summary
    name = f"{kernel.name} *" if kernel.critical else kernel.name
    return name, kernel.state, span(kernel.since), f"{kernel.rate:.1f}/s", str(kernel.restarts), says
