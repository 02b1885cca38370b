"""One `[kernels.NAME]` table to what the room needs: what its kernel's spec becomes, its command, its limits.

Called by `loading` once types and ranges are right; refuses what does not fit together.
"""

import dataclasses
import pwd
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from grace_tui.settings import parsing
from grace_tui.settings.errors import Complaints
from grace_tui.settings.kernels import (
    AliveTable,
    CheckTable,
    CommandTable,
    KernelSettings,
    KernelTable,
    ReadyTable,
    ScheduleTable,
)

if TYPE_CHECKING:
    from grace_tui.runtime.hosts.command.spec import Check, CommandSpec, Schedule
    from grace_tui.runtime.hosts.limits import Limits

SPEC_KEYS = (
    "restart",
    "strategy",
    "priority",
    "critical",
    "tier",
    "intensity",
    "period",
    "healthy_after",
    "start_timeout",
    "stop_timeout",
    "heartbeat_timeout",
)
"""Keys that are fields of a KernelSpec as they stand."""
CHECKS: Mapping[str, Callable[[Any], str | tuple[str, ...]]] = {
    "http": parsing.url,
    "tcp": parsing.address,
    "exec": parsing.words,
    "log": parsing.pattern,
}
T = TypeVar("T")


def compile_kernel(name: str, table: KernelTable, own: Mapping[str, object], complaints: Complaints) -> KernelSettings:
    """Make a kernel's settings; `own` are the keys that belong to the kernel itself."""
    return _Compiler(name, complaints).settings(table, own)


class _Compiler:
    def __init__(self, name: str, complaints: Complaints) -> None:
        self.at, self.complaints = ("kernels", name), complaints

    def settings(self, table: KernelTable, own: Mapping[str, object]) -> KernelSettings:
        limits = self._limits(table)
        command = None
        if isinstance(table, CommandTable):
            self._refuse_for_command(table)
            command = self._command(table, limits)
        else:
            self._refuse_limits_of_a_task(table)
        return KernelSettings(table.enabled, own, self._overrides(table), command, limits, table.isolation)

    def _overrides(self, table: KernelTable) -> dict[str, Any]:
        """Only what was said. A program's stop deadline is the program's: its spec is made around that."""
        keys = [key for key in SPEC_KEYS if key != "stop_timeout" or not isinstance(table, CommandTable)]
        found = {key: getattr(table, key) for key in keys if getattr(table, key) is not None}
        if table.requires is not None:
            found["requires"] = tuple(table.requires)
            asked = table.requires if isinstance(table.requires, dict) else {}
            found["conditions"] = {name: condition for name, condition in asked.items() if condition != "ready"}
            for followed in table.follows or ():
                if followed not in table.requires:
                    self._wrong("follows", table.follows, "names out of requires")
        for key in ("follows", "after"):
            if getattr(table, key) is not None:
                found[key] = tuple(getattr(table, key))
        return found

    def _limits(self, table: KernelTable) -> "Limits":
        from grace_tui.runtime.hosts.limits import Limits

        memory = None if table.memory is None else self._parsed("memory", table.memory, parsing.size)
        return Limits(memory_bytes=memory, cpu_seconds=table.cpu_seconds, open_files=table.open_files)

    def _refuse_limits_of_a_task(self, table: KernelTable) -> None:
        for key in ("memory", "cpu_seconds", "open_files"):
            if getattr(table, key) is not None and table.isolation != "process":
                self._refuse(key, getattr(table, key), 'limits a process; set isolation = "process" beside it')

    def _refuse_for_command(self, table: CommandTable) -> None:
        if table.isolation is not None:
            self._refuse("isolation", table.isolation, "is for kernels of a file; a command always has its own process")
        if table.heartbeat_timeout is not None:
            self._refuse("heartbeat_timeout", table.heartbeat_timeout, "is for kernels of a file; use alive")
        if table.schedule is not None and table.ready is not None:
            self._refuse("ready", None, "cannot be asked of a program that runs on a schedule")
        if table.follows is not None and table.requires is None:
            self._refuse("follows", table.follows, "needs requires with the same names")

    def _command(self, table: CommandTable, limits: "Limits") -> "CommandSpec":
        from grace_tui.runtime.hosts.command.spec import CommandSpec

        spec = CommandSpec(
            argv=self._parsed("command", table.command, parsing.words),
            cwd=table.cwd,
            env=self._env(table.env),
            env_files=(table.env_file,) if isinstance(table.env_file, str) else tuple(table.env_file),
            user=self._user(table.user),
            stop_signal=self._parsed("stop_signal", table.stop_signal, parsing.stop_signal),
            ready=self._check("ready", table.ready),
            alive=self._check("alive", table.alive),
            schedule=self._schedule(table.schedule),
            success_codes=(0,) if table.success_codes is None else tuple(table.success_codes),
            limits=limits,
        )
        return spec if table.stop_timeout is None else dataclasses.replace(spec, stop_timeout=table.stop_timeout)

    def _env(self, given: Mapping[str, str | int | float]) -> dict[str, str]:
        for key, value in given.items():
            if not key or "=" in key or "\0" in key + str(value):
                self._wrong(f"env.{key}", value, "a variable's name without = and a value without a zero byte")
        return {key: str(value) for key, value in given.items()}

    def _user(self, name: str) -> str:
        if name:
            try:
                pwd.getpwnam(name)
            except KeyError:
                self._wrong("user", name, "a user of this machine")
        return name

    def _check(self, key: str, table: CheckTable | None) -> "Check | None":
        if table is None:
            return None
        from grace_tui.runtime.hosts.command.spec import Check

        kinds = [kind for kind in CHECKS if getattr(table, kind) is not None]
        if len(kinds) != 1:
            self._refuse(key, None, f"has {' and '.join(kinds) or 'no check'}; expected one of {', '.join(CHECKS)}")
        kind = kinds[0]
        target = self._parsed(f"{key}.{kind}", getattr(table, kind), CHECKS[kind])
        return Check(
            kind,  # type: ignore[arg-type]  # a key of CHECKS
            target,
            delay=table.delay,
            interval=table.interval,
            timeout=table.timeout,
            failures=table.failures if isinstance(table, AliveTable) else 1,
            successes=table.successes if isinstance(table, ReadyTable) else 1,
        )

    def _schedule(self, table: ScheduleTable | None) -> "Schedule | None":
        if table is None:
            return None
        from grace_tui.runtime.hosts.command.spec import Schedule

        if (table.cron is None) == (table.every is None):
            said = "has neither cron nor every" if table.cron is None else "has both cron and every"
            self._refuse("schedule", None, f"{said}; expected one of them")
        if table.zone:
            self._parsed("schedule.zone", table.zone, _zone)
        interval = 0.0 if table.every is None else self._parsed("schedule.every", table.every, parsing.span)
        found = Schedule(cron=table.cron or "", interval=interval, zone=table.zone, run_at_start=table.run_at_start)
        if table.cron is not None:
            self._parsed("schedule.cron", table.cron, lambda _: _due(found))
        return found

    def _parsed(self, key: str, value: Any, parse: Callable[[Any], T]) -> T:
        try:
            return parse(value)
        except ValueError as error:
            self._wrong(key, value, str(error))

    def _wrong(self, key: str, value: object, right: str) -> NoReturn:
        self.complaints.wrong(self._path(key), value, right)

    def _refuse(self, key: str, value: object, problem: str) -> NoReturn:
        self.complaints.refuse(self._path(key), value, f"{'.'.join(self._path(key))} {problem}")

    def _path(self, key: str) -> Sequence[str]:
        return (*self.at, *key.split(".", 1))


def _zone(value: str) -> str:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("a time zone such as Europe/Berlin or UTC") from error
    return value


def _due(schedule: "Schedule") -> None:
    """Refuse a cron line that the room could not follow; imported here, since few settings have one."""
    from grace_tui.kernel.errors import GraceError
    from grace_tui.runtime.clock import SystemClock
    from grace_tui.runtime.hosts.command.timetable import Timetable

    try:
        Timetable(schedule, SystemClock())
    except GraceError as error:
        right = 'five fields, minute hour day month weekday, such as "0 3 * * mon"'
        raise ValueError(f"{right} ({error})") from error
