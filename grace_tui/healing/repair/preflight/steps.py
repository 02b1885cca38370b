"""The repairs of one preflight, in the order they were taken, and what is kept of them if it is killed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write
from grace_tui.healing.repair.heal.stack import Outdated, Stack
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.questions import encode

FILE = "preflight.json"
"""In the tree's state folder."""


@dataclass(frozen=True)
class Step:
    """One repair that let what its cause blocked get further, and broke nothing."""

    patch: Patch
    cause: tuple[str, ...]
    text: str
    """The failure, in words."""
    blocked: tuple[str, ...]
    """Modules that failed because of it when it was taken."""


def stacked(root: Path, steps: Iterable[Step]) -> tuple[Stack, list[Step]]:
    """The steps one upon the other; those whose files have another text by now are left out, and so not returned."""
    stack, kept = Stack(root), []
    for step in steps:
        try:
            stack = stack.plus(step.patch)
        except Outdated:
            continue
        kept.append(step)
    return stack, kept


class Unfinished:
    """The steps of a preflight that was not applied; the next one goes on from there."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def keep(self, steps: Sequence[Step]) -> None:
        atomic_write(self.path, encode(list(steps)), mode=0o600)

    def read(self) -> list[Step]:
        """Nothing where there is none, or it is of another version."""
        try:
            return msgspec.convert(json.loads(self.path.read_bytes()), list[Step])
        except (FileNotFoundError, ValueError, msgspec.ValidationError):
            return []

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
