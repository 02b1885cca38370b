"""A life of a few incidents, killed at a statement of the store: run by test_shelf in processes of their own.

`python killed.py FOLDER`: forks once for each statement, until one life is lived to its end. Each writes, after every
act that returned, what the book answered: an act that was acknowledged must be there afterwards.
"""

import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from grace_tui.healing.incidents.codec import encode
from grace_tui.kernel.errors import ProviderDown
from grace_tui.kernel.records import IncidentRecord
from tests.healing.incidents.test_book import Room
from tests.healing.incidents.workshop import failed

ACKS = "acks.jsonl"


def live(room: Room) -> Iterator[IncidentRecord]:
    """Every kind of act, one after another."""
    book = room.book
    cause = yield from _done(lambda: book.record(failed(ValueError("x"), kernel="database", at=room.clock.now)))
    yield from _done(lambda: book.take(cause.id, "ann", "tester", "I know it"))
    lacks = ProviderDown("shop", "database", "failed")
    yield from _done(lambda: book.record(failed(lacks, kernel="shop", phase="run", at=room.clock.now)))
    yield from _done(lambda: book.record(failed(ValueError("x"), kernel="database", at=room.clock.now)))
    measured = {"value": 3.5, "threshold": 2}
    report = yield from _done(lambda: book.report("disk", "DiskLow", "3 GB", "mesh", route="person", facts=measured))
    yield from _done(lambda: book.hide(report.id, "S-1", "planned", "ann"))
    yield from _done(lambda: book.move(cause.id, "in_repair", "trying", "agent"))
    yield from _done(lambda: book.move(cause.id, "resolved", "fixed", "ann"))
    yield from _done(lambda: book.move(cause.id, "reopened", "it is not", "bob"))
    yield from _done(lambda: book.release(cause.id, "holiday", "ann"))
    yield from _done(lambda: book.unhide("S-1", "ended")[0])


def _done(act: Callable[[], IncidentRecord]) -> Generator[IncidentRecord, None, IncidentRecord]:
    record = act()
    yield record
    return record


def _one(folder: Path, fatal: int) -> None:
    """Live until the statement number `fatal`."""
    room = Room(folder)
    seen = 0

    def count(statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    room.store._connection.set_trace_callback(count)
    acks = os.open(folder / ACKS, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for record in live(room):
        os.write(acks, encode(record) + b"\n")
        room.clock.now += 1.0


def main(folder: Path) -> None:
    fatal, status = 0, signal.SIGKILL.value
    while status == signal.SIGKILL:
        fatal += 1
        child = os.fork()
        if child == 0:
            _one(folder / f"{fatal:03}", fatal)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
    sys.exit(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
