"""What a thread worked is counted, what it slept is not, and both can be read from another thread."""

import threading
import time
from queue import Queue

import pytest

from grace_tui.runtime.guard.use import ThreadUse, Use


def used(use: ThreadUse) -> Use:
    found = use.read()
    assert found is not None
    return found


def test_work_is_counted_and_sleep_is_not() -> None:
    use = ThreadUse()
    began = used(use)
    while used(use).worked < began.worked + 0.02:
        sum(range(1000))
    before = used(use)
    time.sleep(0.05)
    assert used(use).worked - before.worked < 0.02
    assert used(use).waited >= began.waited >= 0.0


def test_it_is_read_from_another_thread_until_its_own_has_ended() -> None:
    made: Queue[ThreadUse] = Queue()
    end = threading.Event()

    def live() -> None:
        made.put(ThreadUse())
        end.wait(10)

    thread = threading.Thread(target=live)
    thread.start()
    use = made.get(timeout=10)
    assert used(use).worked < used(ThreadUse()).worked
    end.set()
    thread.join()
    deadline = time.monotonic() + 10
    while use.read() is not None:  # the system lets go of a thread a moment after it was joined
        assert time.monotonic() < deadline


def test_a_system_that_counts_nothing_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "pthread_getcpuclockid")
    assert ThreadUse().read() is None
