"""How a program's failure is made to happen again in a copy of the workspace: its command, as the settings have it."""

import os
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.reproduce import SURVIVES, Reproduction
from grace_tui.runtime.hosts.command.environ import read_env_file
from grace_tui.runtime.hosts.command.source import numbered
from grace_tui.runtime.hosts.command.spec import CommandSpec


def command_reproduction(command: CommandSpec, failure: Failure, root: Path) -> Reproduction:
    """A program that is to go on is well when it survives a while; one with a schedule has to end.

    Raises:
        GraceError: an env file cannot be read.
    """
    command = numbered(command)
    # The trial's own import path would hide that the program lacks one.
    variables = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    for name in command.env_files:
        variables.update(read_env_file(root / name))
    variables.update(command.env)
    return Reproduction(
        failure.kernel,
        failure.phase,
        command.argv,
        command.cwd,
        variables,
        SURVIVES if command.schedule is None else 0.0,
    )
