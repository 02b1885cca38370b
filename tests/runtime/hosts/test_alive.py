"""The register of process groups: what is left in it can be killed, what was forgotten is left alone."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from grace_tui.runtime.hosts import alive


@pytest.fixture
def sleepers() -> Iterator[list["subprocess.Popen[bytes]"]]:
    started = [subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(2)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_what_is_left_is_killed_and_what_was_forgotten_is_not(sleepers: list["subprocess.Popen[bytes]"]) -> None:
    kept, forgotten = sleepers
    for process in sleepers:
        alive.note(process.pid)
    alive.forget(forgotten.pid)
    assert alive.kill_all() >= {kept.pid}
    assert kept.wait(10) == -signal.SIGKILL
    assert forgotten.poll() is None
    assert alive.groups() == frozenset()


def test_a_group_that_is_gone_already_is_no_trouble(sleepers: list["subprocess.Popen[bytes]"]) -> None:
    gone = sleepers[0]
    alive.note(gone.pid)
    gone.kill()
    gone.wait()
    assert gone.pid in alive.kill_all()
