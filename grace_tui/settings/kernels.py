"""What a `[kernels.NAME]` table may say, and what it comes to for the room.

The structs are the file's shape: `loading` checks their types and ranges, `compiling` what belongs together. The
sentence under a field, and the example beside it, are what the README and a new `grace.toml` show.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from grace_tui.kernel.spec import Condition, Isolation, RestartType, Strategy

if TYPE_CHECKING:
    from grace_tui.runtime.hosts.command.spec import CommandSpec
    from grace_tui.runtime.hosts.limits import Limits

Seconds = Annotated[float, Meta(ge=0, le=86400)]
SomeSeconds = Annotated[float, Meta(ge=0.05, le=86400)]
Name = Annotated[str, Meta(min_length=1)]
Words = Annotated[str | list[str], Meta(description="a list of words, or one text that is split as a shell would")]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table of the file."""


class KernelTable(Table, frozen=True):
    """Keys for every kernel. What is left out stays as the kernel's own spec has it."""

    enabled: bool = True
    """Start this kernel with the room."""
    isolation: Annotated[Isolation | None, Meta(examples=["process"])] = None
    """Where a kernel of a file runs: on the supervisor's loop, or in a process of its own."""
    restart: Annotated[RestartType | None, Meta(examples=["transient"])] = None
    """When it is started again: always, after a failure only, or never."""
    strategy: Annotated[Strategy | None, Meta(examples=["rest_for_one"])] = None
    """Who restarts with it after a failure: nobody, all that require it, or those and all that it requires."""
    requires: Annotated[
        list[Name] | dict[Name, Condition] | None,
        Meta(
            examples=[["message_bus"]],
            description='a list of kernels, or a table kernel = "started", "ready" or "completed"',
        ),
    ] = None
    """Kernels it waits for; given, this replaces what its file says."""
    follows: Annotated[list[Name] | None, Meta(examples=[["message_bus"]])] = None
    """Those of `requires` whose restart restarts this kernel as well."""
    after: Annotated[list[Name] | None, Meta(examples=[["librarian"]])] = None
    """Kernels that start first where they can; it starts without them if they fail."""
    priority: Annotated[Annotated[int, Meta(ge=0, le=1000)] | None, Meta(examples=[50])] = None
    """Order among kernels that could start at the same moment; lower first."""
    critical: Annotated[bool | None, Meta(examples=[True])] = None
    """The room is degraded while this kernel is not running."""
    tier: Annotated[Annotated[int, Meta(ge=0, le=3)] | None, Meta(examples=[2])] = None
    """Who is paused first where load has to be shed: 3, then 2, then 1; 0, and what is critical, never."""
    intensity: Annotated[Annotated[int, Meta(ge=0, le=1000)] | None, Meta(examples=[5])] = None
    """Failures within `period` that are answered by a restart; left out: the supervisor's."""
    period: Annotated[Annotated[float, Meta(ge=1, le=86400)] | None, Meta(examples=[60.0])] = None
    """Seconds that `intensity` counts over; left out: the supervisor's."""
    healthy_after: Annotated[Seconds | None, Meta(examples=[30.0])] = None
    """Seconds of running after which the backoff starts afresh; left out: the supervisor's."""
    start_timeout: Annotated[SomeSeconds | None, Meta(examples=[15.0])] = None
    """Seconds it may take until it is ready."""
    stop_timeout: Annotated[Seconds | None, Meta(examples=[10.0])] = None
    """Seconds from the request to stop to the end by force."""
    heartbeat_timeout: Annotated[SomeSeconds | None, Meta(examples=[30.0])] = None
    """Seconds without a beat after which a kernel of a file counts as hung."""
    memory: Annotated[str | int | None, Meta(examples=["512M"], description='bytes, or a size such as "512M"')] = None
    """Most address space of each of its processes."""
    cpu_seconds: Annotated[Annotated[int, Meta(ge=1, le=10**9)] | None, Meta(examples=[3600])] = None
    """Most processor time of each of its processes, in all its life."""
    open_files: Annotated[Annotated[int, Meta(ge=16, le=10**6)] | None, Meta(examples=[1024])] = None
    """Most open files of each of its processes."""


class CheckTable(Table, frozen=True):
    """One way to ask a program how it is: exactly one of the first four keys."""

    http: str | None = None
    tcp: str | None = None
    exec: Words | None = None
    log: str | None = None
    delay: Seconds = 0.0
    interval: SomeSeconds = 1.0
    timeout: SomeSeconds = 2.0


class ReadyTable(CheckTable, frozen=True):
    successes: Annotated[int, Meta(ge=1, le=1000)] = 1


class AliveTable(CheckTable, frozen=True):
    failures: Annotated[int, Meta(ge=1, le=1000)] = 3


class ScheduleTable(Table, frozen=True):
    cron: str | None = None
    every: str | float | None = None
    zone: str = ""
    run_at_start: bool = False


class CommandTable(KernelTable, frozen=True):
    """Keys of a kernel that is a program of any kind; `command` makes it one."""

    command: Annotated[
        Words | None, Meta(examples=[["python3", "-m", "http.server", "8000", "--bind", "127.0.0.1"]])
    ] = None
    """The program to run, without a shell."""
    cwd: Annotated[str, Meta(examples=["."])] = "."
    """Folder it runs in, relative to the workspace."""
    env: Annotated[
        dict[str, str | int | float], Meta(examples=[{"PORT": 8000}], description="a table of texts and numbers")
    ] = {}
    """Variables on top of the room's own environment."""
    env_file: Annotated[
        str | list[str], Meta(examples=[".env"], description="a file of NAME=value lines, or a list of such files")
    ] = []
    """Variables from files, relative to the workspace; later files win, `env` wins over all."""
    user: Annotated[str, Meta(examples=["nobody"])] = ""
    """User to run as; empty: who opened the room."""
    stop_signal: Annotated[str, Meta(examples=["SIGINT"], description="a signal's name, such as SIGINT")] = "SIGTERM"
    """Signal that asks its whole process group to stop; SIGKILL follows after `stop_timeout`."""
    ready: Annotated[
        ReadyTable | None,
        Meta(
            examples=[{"http": "http://127.0.0.1:8000/"}],
            description="a table with one of http, tcp, exec, log; and delay, interval, timeout, successes",
        ),
    ] = None
    """When it counts as running; left out: as soon as it has started."""
    alive: Annotated[
        AliveTable | None,
        Meta(
            examples=[{"tcp": "127.0.0.1:8000", "interval": 5.0}],
            description="a table with one of http, tcp, exec, log; and delay, interval, timeout, failures",
        ),
    ] = None
    """Asked again and again while it runs; after `failures` bad answers in a row it is restarted."""
    schedule: Annotated[
        ScheduleTable | None,
        Meta(
            examples=[{"every": "5m"}],
            description='a table with cron or every ("30s", "5m", "1h"); and zone, run_at_start',
        ),
    ] = None
    """When it is started; left out: once, with the room."""
    replicas: Annotated[int, Meta(ge=1, le=999)] = 1
    """How many of it run, as NAME-1, NAME-2 and so on; `{replica}` in its texts is the number, NAME means all."""
    success_codes: Annotated[
        list[Annotated[int, Meta(ge=0, le=255)]] | None,
        Meta(examples=[[0, 3]], description="a list of whole numbers from 0 to 255"),
    ] = None
    """Exit codes that count as success; left out: 0."""


def _no_limits() -> "Limits":
    from grace_tui.runtime.hosts.limits import Limits

    return Limits()


@dataclass(frozen=True, slots=True)
class KernelSettings:
    """What the settings decide about one kernel."""

    enabled: bool = True
    options: Mapping[str, object] = field(default_factory=dict)
    """The keys that are the kernel's own."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Fields of its KernelSpec."""
    command: "CommandSpec | None" = None
    limits: "Limits" = field(default_factory=_no_limits)
    isolation: Isolation | None = None
    group: str = ""
    """The table this replica comes from; empty where there is but one."""
