"""When a scheduled program is due: cron as cron means it, intervals, time zones, and what was missed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from grace_tui.kernel.testing import ManualClock
from grace_tui.runtime.hosts.command import Schedule
from grace_tui.runtime.hosts.command.errors import CommandUnusable
from grace_tui.runtime.hosts.command.timetable import Timetable

UTC = ZoneInfo("UTC")


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def dues(cron: str, since: str, count: int, zone: str = "UTC") -> list[str]:
    table = Timetable(Schedule(cron=cron, zone=zone), ManualClock(at(since)))
    moment, found = at(since), []
    for _ in range(count):
        moment = table.after(moment)
        found.append(datetime.fromtimestamp(moment, UTC).strftime("%a %d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        pytest.param("*/5 * * * *", ["Thu 01 00:05", "Thu 01 00:10"], id="every-five-minutes"),
        pytest.param("30 2 * * *", ["Thu 01 02:30", "Fri 02 02:30"], id="nightly"),
        pytest.param("0 0 * * 0", ["Sun 04 00:00", "Sun 11 00:00"], id="sunday-is-0"),
        pytest.param("0 0 * * 7", ["Sun 04 00:00", "Sun 11 00:00"], id="sunday-is-7"),
        pytest.param("0 0 * * 1-5", ["Fri 02 00:00", "Mon 05 00:00"], id="weekdays"),
        pytest.param("0 0 * * fri-sun", ["Fri 02 00:00", "Sat 03 00:00", "Sun 04 00:00", "Fri 09 00:00"], id="names"),
        pytest.param("0 0 * * */3", ["Sat 03 00:00", "Sun 04 00:00", "Wed 07 00:00"], id="steps"),
        pytest.param("0 0 10 * 6", ["Sat 03 00:00", "Sat 10 00:00", "Sat 17 00:00"], id="either-day-is-enough"),
        pytest.param("0 0 5 * 6", ["Sat 03 00:00", "Mon 05 00:00", "Sat 10 00:00"], id="either-day-in-turn"),
    ],
)
def test_cron_means_what_cron_says(cron: str, expected: list[str]) -> None:
    assert dues(cron, "2026-01-01T00:00:00", len(expected)) == expected


def test_a_zone_moves_the_hours_and_keeps_them_over_summer_time() -> None:
    assert dues("0 9 * * *", "2026-03-28T00:00:00", 2, "Europe/Berlin") == ["Sat 28 08:00", "Sun 29 07:00"]


@pytest.mark.parametrize(
    "cron", ["* * * *", "61 * * * *", "* * * * 8", "a * * * *", "0 0 31 2 *", "* * * * mon-"], ids=str
)
def test_a_line_that_is_no_cron_line_or_never_due_is_refused(cron: str) -> None:
    with pytest.raises(CommandUnusable, match="the schedule"):
        Timetable(Schedule(cron=cron, zone="UTC"), ManualClock())


def test_an_interval_keeps_its_rhythm_and_counts_what_it_missed() -> None:
    clock = ManualClock(100.0)
    table = Timetable(Schedule(interval=10.0), clock)
    assert table.after(100.0) == 110.0
    clock.now = 112.0
    assert table.following(110.0) == (120.0, 0)
    clock.now = 145.0
    assert table.following(110.0) == (150.0, 3)


def test_cron_counts_what_it_missed() -> None:
    clock = ManualClock(at("2026-01-01T00:07:30"))
    table = Timetable(Schedule(cron="*/2 * * * *", zone="UTC"), clock)
    assert table.following(at("2026-01-01T00:02:00")) == (at("2026-01-01T00:08:00"), 2)


def test_a_schedule_without_a_time_is_refused() -> None:
    with pytest.raises(CommandUnusable, match="neither a cron line nor an interval"):
        Timetable(Schedule(), ManualClock())
