"""`grace-tui down`: close the room and wait until it is gone."""

import time

import click

from grace_tui.cli.asking import about_workspace, ask
from grace_tui.cli.exits import DONE, Ended
from grace_tui.cli.opening import PATIENCE, PAUSE, is_open, talk
from grace_tui.workspace import Workspace


@click.command()
@click.option("--timeout", type=click.FloatRange(min=0), default=PATIENCE, show_default=True, help="Seconds to wait.")
@about_workspace
def command(workspace: Workspace, timeout: float) -> int:
    """Close the room that is open."""
    answer = ask(workspace, "down")
    pid = answer.data.get("pid", 0)
    deadline = time.monotonic() + timeout
    while is_open(workspace.socket) or (isinstance(pid, int) and pid and _lives(pid)):
        if time.monotonic() > deadline:
            raise Ended(f"the room of {workspace.root} is still closing after {timeout:g} s")
        time.sleep(PAUSE)
    talk(f"the room of {workspace.root} is closed")
    return DONE


def _lives(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
