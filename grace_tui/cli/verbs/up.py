"""`grace-tui up`: open the room here, or in the background."""

from pathlib import Path

import click

from grace_tui.cli.asking import workspace_option
from grace_tui.cli.exits import DONE, WRONG, Ended
from grace_tui.cli.opening import is_open, open_detached, open_here, ready_workspace, talk


@click.command()
@click.option("--detach", is_flag=True, help="Open it in the background; `attach` joins it.")
@click.option("--drill", default="", metavar="NAME", help="Break it on purpose while you watch: seed.")
@workspace_option
@click.pass_context
def command(ctx: click.Context, detach: bool, drill: str, workspace: Path | None) -> int:
    """Open the room of a workspace."""
    folder = workspace or ctx.find_root().obj
    if not detach:
        return open_here(folder, drill)
    if drill:
        raise Ended("a drill is for watching; leave out --detach, or run `grace-tui drill`", WRONG)
    return _detached(folder)


def _detached(folder: Path | None) -> int:
    found = ready_workspace(folder)
    if is_open(found.socket):
        talk(f"a room is open in {found.root} already; join it with `grace-tui attach`")
        return DONE
    process = open_detached(found)
    print(process.pid)
    talk(f"the room of {found.root} is open in process {process.pid}; join it with `grace-tui attach`")
    return DONE
