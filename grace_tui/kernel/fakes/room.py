"""A room in memory, with a kernel's log and the workspace's folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grace_tui.kernel.records import CommandResult, KernelRecord, LatencyRecord


class MemoryLog:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        self._write("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write("error", message, fields)

    def output(self, stream: str, lines: Sequence[str]) -> None:
        self.lines += [f"{stream} {line}" for line in lines]

    def tail(self, lines: int = 200) -> list[str]:
        return self.lines[-lines:]

    def _write(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        self.lines.append(" ".join([level, message, *(f"{key}={value}" for key, value in fields.items())]))


@dataclass
class MemoryRoom:
    records: tuple[KernelRecord, ...] = ()
    view: Mapping[str, Any] = field(default_factory=dict)
    commands: list[tuple[str, str, str, str]] = field(default_factory=list)
    form: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[LatencyRecord, ...] = ()

    def kernels(self) -> tuple[KernelRecord, ...]:
        return self.records

    def status(self) -> Mapping[str, Any]:
        return self.view

    def schema(self) -> Mapping[str, Any]:
        return self.form

    def latencies(self) -> tuple[LatencyRecord, ...]:
        return self.calls

    async def command(self, verb: str, target: str, *, by: str, reason: str = "") -> CommandResult:
        self.commands.append((verb, target, by, reason))
        return CommandResult(True, f"{verb} {target}")


@dataclass(frozen=True)
class FolderWorkspace:
    root: Path

    @property
    def state(self) -> Path:
        return self._folder(".grace", 0o700)

    @property
    def logs(self) -> Path:
        return self._folder("logs", 0o755)

    def _folder(self, name: str, mode: int) -> Path:
        folder = self.root / name
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        return folder
