"""The loop's heartbeat tells how late turns come, and how much its thread worked."""

import asyncio
import time

from grace_tui.runtime.guard.beat import BEAT_SECONDS, Lag, LoopBeat


def test_lag_is_the_worst_and_the_middle_of_the_turns_since_it_was_asked() -> None:
    beat = LoopBeat()
    now = time.monotonic()
    for late in (*[0.001] * 98, 0.5, 5.0):
        beat.turn(due=now - late)
    lag = beat.take_lag()
    assert lag.worst >= 5.0
    assert 0.5 <= lag.p99 <= lag.worst
    assert 0.001 <= lag.median < 0.5
    assert beat.take_lag() == Lag()


def test_a_turn_that_comes_early_is_not_late() -> None:
    beat = LoopBeat()
    beat.turn(due=time.monotonic() + 5.0)
    assert beat.take_lag() == Lag(0.0, 0.0, 0.0)


async def test_it_beats_on_its_loop_until_it_is_stopped() -> None:
    beat = LoopBeat()
    beat.start()
    first = beat.last
    await asyncio.sleep(2 * BEAT_SECONDS)
    beat.stop()
    second = beat.last
    assert second.at >= first.at + BEAT_SECONDS
    await asyncio.sleep(2 * BEAT_SECONDS)
    assert beat.last is second
