"""`grace-tui drill`: plant known faults in a workspace of its own, and see the room heal itself. Needs no open room."""

import click

from grace_tui.cli.asking import json_option
from grace_tui.cli.opening import DRILLS


@click.command()
@click.argument("name", type=click.Choice(DRILLS), default="seed")
@json_option
def command(name: str, as_json: bool) -> int:
    """Rehearse a failure and its repair; 1 if not healed."""
    from grace_tui.drill import run

    return run(name, json=as_json)
