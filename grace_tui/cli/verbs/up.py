"""`grace-tui up`: open the room here, or in the background."""

from pathlib import Path

import click

from grace_tui.cli.asking import workspace_option
from grace_tui.cli.exits import DONE, WRONG, Ended
from grace_tui.cli.opening import DRILLS, is_open, open_detached, open_here, prepare, ready_workspace, talk


@click.command()
@click.option("--detach", is_flag=True, help="Open it in the background; `attach` joins it.")
@click.option("--drill", type=click.Choice(DRILLS), help="Break a room of its own while you watch.")
@workspace_option
@click.pass_context
def command(ctx: click.Context, detach: bool, drill: str | None, workspace: Path | None) -> int:
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
    prepare(found)
    process = open_detached(found)
    print(process.pid)
    talk(f"the room of {found.root} is open in process {process.pid}; join it with `grace-tui attach`")
    return DONE
