"""`grace-tui new DIR`: a workspace of one's own."""

from pathlib import Path

import click

from grace_tui.cli.exits import DONE
from grace_tui.cli.opening import talk
from grace_tui.workspace import make_workspace


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(folder: Path) -> int:
    """Make a workspace in DIR, with the shipped kernels and themes."""
    made = make_workspace(folder)
    print(made.root)
    talk(f"made {made.root}; open it with `cd {folder} && grace-tui`")
    return DONE
