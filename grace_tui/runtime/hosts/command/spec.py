"""What a command kernel runs and how it is judged: plain data, made from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grace_tui.runtime.hosts.limits import Limits


@dataclass(frozen=True, slots=True)
class Check:
    """One way to ask a program how it is."""

    kind: Literal["http", "tcp", "exec", "log"]
    target: str | tuple[str, ...]
    """http: a URL; tcp: `host:port`; exec: the command's words; log: a regular expression for a line of its output."""
    delay: float = 0.0
    """Seconds after the start before it is first asked."""
    interval: float = 1.0
    """Seconds between two questions."""
    timeout: float = 2.0
    """Seconds an answer may take."""
    failures: int = 3
    """Bad answers in a row that count as dead (liveness only)."""
    successes: int = 1
    """Good answers in a row that count as ready (readiness only)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a program runs; it is not restarted in between."""

    cron: str = ""
    """Five fields; empty where `interval` decides."""
    interval: float = 0.0
    """Seconds between two starts."""
    zone: str = ""
    """Time zone of `cron`; empty: the machine's own."""
    run_at_start: bool = False


@dataclass(frozen=True, slots=True)
class CommandSpec:
    argv: tuple[str, ...]
    cwd: str = "."
    """Relative to the workspace."""
    env: Mapping[str, str] = field(default_factory=dict)
    env_files: tuple[str, ...] = ()
    """Files of NAME=value lines, relative to the workspace; later ones win, `env` wins over all."""
    user: str = ""
    """Run as this user; empty: as who opened the room."""
    stop_signal: str = "SIGTERM"
    stop_timeout: float = 10.0
    """Seconds the process group has from the stop signal to SIGKILL."""
    ready: Check | None = None
    """None: ready as soon as it runs."""
    alive: Check | None = None
    schedule: Schedule | None = None
    replica: int = 0
    """Counted from 1 where there are several; 0 for a single one."""
    success_codes: tuple[int, ...] = (0,)
    limits: Limits = field(default_factory=Limits)
