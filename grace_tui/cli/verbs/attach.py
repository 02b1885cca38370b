"""`grace-tui attach`: a second terminal joins the room."""

import click

from grace_tui.cli.asking import about_workspace
from grace_tui.cli.opening import join
from grace_tui.workspace import Workspace


@click.command()
@click.option("--read-only", is_flag=True, help="Watch; keys that change something do nothing.")
@about_workspace
def command(workspace: Workspace, read_only: bool) -> int:
    """Join the room that is open."""
    return join(workspace, read_only)
