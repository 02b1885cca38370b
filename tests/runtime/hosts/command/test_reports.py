"""Tracebacks a program prints and survives: each is told, a storm of the same one is counted."""

import asyncio

from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.fakes import MemoryLog
from grace_tui.runtime.hosts.command.reports import ALIKE, Tracebacks

LINES = ("Traceback (most recent call last):", '  File "{file}", line 1, in f', "ValueError: bad {file}")


class Told:
    def __init__(self) -> None:
        self.failures: list[RemoteFailure] = []
        self.now = 0.0
        self.more = asyncio.Event()
        self.log = MemoryLog()
        self.tracebacks = Tracebacks(self.tell, self.log, lambda: self.now)

    def tell(self, failure: RemoteFailure) -> None:
        self.failures.append(failure)
        self.more.set()

    def prints(self, file: str = "a.py", after: str = "INFO: on") -> None:
        for line in (*LINES, after):
            if line:
                self.tracebacks.line(line.format(file=file))


async def test_a_traceback_that_is_followed_by_something_is_told_at_once() -> None:
    told = Told()
    told.prints()
    told.tracebacks.close()
    assert [(failure.kind, str(failure)) for failure in told.failures] == [("ValueError", "bad a.py")]
    assert told.tracebacks.last() is None


async def test_a_traceback_that_nothing_follows_is_told_when_it_is_quiet() -> None:
    told = Told()
    told.prints(after="")
    assert told.failures == []
    async with asyncio.timeout(10):
        await told.more.wait()
    assert told.failures[0].printed.endswith("ValueError: bad a.py")


async def test_the_last_thing_said_is_kept_for_the_end() -> None:
    told = Told()
    told.prints(after="")
    last = told.tracebacks.last()
    assert last is not None
    assert last.kind == "ValueError"
    assert told.failures == []


async def test_the_same_traceback_again_and_again_is_counted() -> None:
    told = Told()
    for _ in range(100):
        told.prints()
    told.prints("b.py")
    assert [failure.times for failure in told.failures] == [1] * (ALIKE + 1)
    assert len(told.log.lines) == 1
    told.now += 1.0
    told.prints()
    assert [failure.times for failure in told.failures[ALIKE + 1 :]] == [100 - ALIKE, 1]
    for _ in range(9):
        told.prints()
    told.tracebacks.close()
    assert sum(failure.times for failure in told.failures) == 111


async def test_what_came_too_often_is_told_together_while_the_program_goes_on() -> None:
    told = Told()
    for _ in range(50):
        told.prints()
    told.more.clear()
    async with asyncio.timeout(10):
        await told.more.wait()
    assert sum(failure.times for failure in told.failures) == 50
    told.tracebacks.close()
