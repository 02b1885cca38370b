"""Saved files to change sets: watchfiles over the workspace's own folders, tuned to notice within milliseconds."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from watchfiles import Change, awatch

STEP_MS = 5
DEBOUNCE_MS = 50
IGNORED_SUFFIXES = (".pyc", ".swp", ".swx", ".tmp", "~")


def wanted(change: Change, path: str) -> bool:
    """Whether a changed path can matter: no hidden, temporary or compiled file."""
    name = os.path.basename(path)
    return not name.startswith((".", "#")) and not name.endswith(IGNORED_SUFFIXES) and "__pycache__" not in path


async def watch(root: Path, folders: tuple[str, ...], stop: anyio.Event) -> AsyncIterator[tuple[str, ...]]:
    """Yield sets of changed paths, relative to `root`, until `stop` is set. Missing folders are not watched."""
    watched = _watchable(root, folders)
    async for found in awatch(
        *watched.values(), watch_filter=wanted, step=STEP_MS, debounce=DEBOUNCE_MS, stop_event=stop, recursive=True
    ):
        names = {_named(watched, path) for _, path in found}
        if seen := tuple(sorted(name for name in names if not _below_hidden(name))):
            yield seen


def _watchable(root: Path, folders: tuple[str, ...]) -> dict[str, Path]:
    # watchfiles reports real paths; a workspace behind a symbolic link must still be recognised.
    return {folder: (root / folder).resolve() for folder in folders if (root / folder).exists()}


def _below_hidden(name: str) -> bool:
    # Asked of the name below the root: the workspace itself may well stand in a hidden folder.
    return any(part.startswith(".") for part in name.strip("/").split("/"))


def _named(watched: dict[str, Path], path: str) -> str:
    for folder, real in watched.items():
        if Path(path).is_relative_to(real):
            return (Path(folder) / Path(path).relative_to(real)).as_posix()
    return path
