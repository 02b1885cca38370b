"""When a scheduled program is due: moments on one clock, the wall's for a cron line, the steady one for an interval.

Cron fields mean what cron says: 0 and 7 are Sunday, and where both the day of the month and the weekday are given, one
of them is enough. The arithmetic with months and time zones is APScheduler's, which means something else by both.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from grace_tui.kernel.ports import Clock
from grace_tui.runtime.hosts.command.errors import CommandUnusable
from grace_tui.runtime.hosts.command.spec import Schedule

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Timetable:
    """Made once a start; making it may import APScheduler, so a worker thread does."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self.schedule, self.clock = schedule, clock
        self._triggers = tuple(_triggers(schedule))
        if not self._triggers and schedule.interval <= 0:
            raise CommandUnusable("the schedule has neither a cron line nor an interval")
        self.after(self.now())  # a date that never comes is found out now

    def now(self) -> float:
        return self.clock.time() if self._triggers else self.clock.monotonic()

    def after(self, moment: float) -> float:
        """The first due time later than `moment`."""
        if not self._triggers:
            return moment + self.schedule.interval
        whole = math.floor(moment) + 1
        found: list[float] = [
            due.timestamp()
            for trigger in self._triggers
            if (due := trigger.get_next_fire_time(None, datetime.fromtimestamp(whole, trigger.timezone))) is not None
        ]
        if not found:
            raise CommandUnusable(f"the schedule {self.schedule.cron!r} is never due")
        return min(found)

    def following(self, due: float) -> tuple[float, int]:
        """The next due time that is not past yet, and how many after `due` were missed meanwhile."""
        now = self.now()
        if not self._triggers:
            missed = max(math.floor((now - due) / self.schedule.interval), 0)
            return due + (missed + 1) * self.schedule.interval, missed
        missed = 0
        while (due := self.after(due)) <= now:
            missed += 1
        return due, missed

    def wall(self, moment: float) -> float:
        """A moment of `now` as wall-clock seconds."""
        return self.clock.time() + moment - self.now()


def _triggers(schedule: Schedule) -> Iterator[Any]:
    if not schedule.cron:
        return
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

    fields = schedule.cron.split()
    if len(fields) != 5:
        raise CommandUnusable(f"the schedule {schedule.cron!r} has {len(fields)} fields; a cron line has five")
    minute, hour, day, month, weekday = fields
    try:
        weekday = ",".join(_weekdays(weekday))
        both = not day.startswith("*") and weekday != "*"
        for day_of_month, day_of_week in ((day, "*"), ("*", weekday)) if both else ((day, weekday),):
            yield CronTrigger(
                minute=minute,
                hour=hour,
                day=day_of_month,
                month=month,
                day_of_week=day_of_week,
                timezone=schedule.zone or None,
            )
    except (ValueError, LookupError, TypeError) as error:
        raise CommandUnusable(f"the schedule {schedule.cron!r} cannot be read: {error}") from None


def _weekdays(field: str) -> Iterator[str]:
    """The days a cron field names, each by its name."""
    if field == "*":
        yield field
        return
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = ("0", "-", "6") if span == "*" else span.partition("-")
        begin = _weekday(first)
        end = _weekday(last) if dash else (6 if step else begin)
        if end < begin:  # 5-7 and sat-mon run over the end of the week
            end += 7
        for day in range(begin, end + 1, int(step or "1")):
            yield WEEKDAYS[day % 7]


def _weekday(text: str) -> int:
    if text in WEEKDAYS:
        return WEEKDAYS.index(text)
    number = int(text)
    if not 0 <= number <= 7:
        raise ValueError(f"there is no weekday {text}")
    return number % 7


def local(moment: float) -> str:
    """A wall-clock moment as people of this machine read it: the time, and the day where it is far off."""
    at = datetime.fromtimestamp(moment)
    far = abs(at - datetime.now()) > timedelta(hours=12)
    return at.strftime("%a %d %b %H:%M" if far else "%H:%M:%S" if at.second else "%H:%M")
