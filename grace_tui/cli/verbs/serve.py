"""`grace-tui serve`: what `up --detach` starts. Holds the room open, without a screen, until it is told to close."""

import click

from grace_tui.cli.asking import about_workspace
from grace_tui.workspace import Workspace


@click.command(hidden=True)
@about_workspace
def command(workspace: Workspace) -> int:
    """Hold the room open without a screen."""
    workspace.prepare()
    from grace_tui.room import serve_detached

    return serve_detached(workspace)
