"""Checks the files of playbooks without an open room: for the command line."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from grace_tui.healing.playbooks.library import OWN, SHIPPED, read_library
from grace_tui.healing.playbooks.loading import Known, load_playbook
from grace_tui.healing.strict import FileRefused
from grace_tui.room.actions.catalogue import CATALOGUE
from grace_tui.room.known import KnownKernels
from grace_tui.settings import load_settings
from grace_tui.workspace import Workspace, kernel_names


class Refused(msgspec.Struct, frozen=True):
    """One line that cannot be used."""

    file: str
    line: int
    key: str
    problem: str


class Checked(msgspec.Struct, frozen=True):
    playbooks: Sequence[str]
    """Names of those that can be used."""
    refused: Sequence[Refused]


def check(workspace: Workspace, file: Path | None = None) -> Checked:
    """Read one file, or all that the room of a workspace would.

    Raises:
        SettingsError: the workspace's grace.toml cannot be used, so its kernels are not known.
    """
    known = Known(CATALOGUE, _kernels(workspace))
    if file is None:
        library = read_library(SHIPPED, workspace.root / OWN, known)
        names, errors = list(library.playbooks), list(library.refused.values())
    else:
        try:
            names, errors = [load_playbook(file, known).name], []
        except FileRefused as error:
            names, errors = [], [error]
    return Checked(names, [_refused(error, number) for error in errors for number in range(len(error.problems))])


def _refused(error: FileRefused, number: int) -> Refused:
    problem = error.problems[number]
    return Refused(str(error.path), problem.line, problem.key, problem.text)


def _kernels(workspace: Workspace) -> frozenset[str]:
    """As `RoomActions.kernels` has them of an open room."""
    settings = load_settings(workspace.settings_file)
    groups = {found.group for found in settings.kernels.values() if found.group}
    known = KnownKernels(workspace.state / "kernels.json").names
    files = kernel_names(workspace.root) if workspace.exists else []
    return frozenset({*files, *settings.kernels, *groups, *known})
