"""Rhythm: only what worked steadily can fall silent."""

import random

from grace_tui.healing.triggers.rhythm import LEARNT, Rhythm


def after(pauses: list[float]) -> Rhythm:
    rhythm, now = Rhythm(), 0.0
    for number, pause in enumerate([0.0, *pauses]):
        now += pause
        rhythm.see(number, now)
    return rhythm


def test_a_steady_rhythm_is_known_after_enough_pauses() -> None:
    assert after([5.0] * (LEARNT - 1)).usual is None
    assert after([5.0] * LEARNT).usual == 5.0


def test_noise_around_a_rhythm_is_still_one() -> None:
    noise = random.Random(1)
    usual = after([noise.uniform(3, 7) for _ in range(60)]).usual
    assert usual is not None
    assert 5 < usual <= 7


def test_a_burst_is_no_rhythm() -> None:
    assert after([0.5] * 30 + [600.0] + [0.5] * 10).usual is None


def test_the_same_mark_again_is_no_sign_of_work() -> None:
    rhythm = after([5.0] * LEARNT)
    rhythm.see(LEARNT, 500.0)
    assert rhythm.silent_for(500.0) == 500.0 - 5.0 * LEARNT


def test_a_break_is_no_silence() -> None:
    rhythm = after([5.0] * LEARNT)
    rhythm.interrupt()
    assert (rhythm.silent_for(900.0), rhythm.usual) == (0.0, 5.0)
    rhythm.see("back", 900.0)
    assert max(rhythm.pauses) == 5.0
