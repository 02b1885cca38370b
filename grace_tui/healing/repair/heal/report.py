"""What a heal did, as data: the JSON of `grace-tui heal --json`, and what the words for a person are made from."""

from dataclasses import dataclass, field

import msgspec

from grace_tui.kernel.records import GateVerdict
from grace_tui.kernel.redact import redact


@dataclass(frozen=True, slots=True)
class Attempt:
    """One candidate for one failure, and what became of it."""

    type: str
    message: str
    signature: str
    provider: str = ""
    operator: str = ""
    summary: str = ""
    files_changed: tuple[str, ...] = ()
    gates: tuple[GateVerdict, ...] = ()
    outcome: str = "rejected"
    """healed: part of what healed; passed: another one was taken; progress, undone: given up with the rest;
    rejected: by a gate; refused: no candidate, or only a person may decide."""
    detail: str = ""
    known: bool = False
    seconds: float = 0.0


@dataclass
class Report:
    command: tuple[str, ...]
    root: str
    healed: bool = False
    """The command succeeded, for real, at the end."""
    exit_code: int = 0
    """Of the last real run."""
    reason: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    files_changed: tuple[str, ...] = ()
    known: bool = False
    """Every step of what is applied was remembered from an earlier time."""
    seconds: float = 0.0
    command_seconds: float = 0.0
    """Of it in runs of the command, real ones and trials."""
    dry_run: bool = False
    would_heal: bool = False
    """With --dry-run: the command succeeds in a trial with `diff`."""
    diff: str = ""
    isolation: str = ""
    id: str = ""
    """By which `heal undo` knows it."""
    recovered: tuple[str, ...] = ()

    def plain(self) -> dict[str, object]:
        """For JSON; without secrets."""
        data: dict[str, object] = msgspec.to_builtins(self)
        return {name: without_secrets(value) for name, value in data.items()}


def without_secrets(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: without_secrets(part) for name, part in value.items()}
    return [without_secrets(part) for part in value] if isinstance(value, list | tuple) else value
