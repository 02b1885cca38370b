"""An incident book with evidence in a temporary workspace, on a clock that stands still, for the tests of bundles."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grace_tui.healing.incidents.book import IncidentBook
from grace_tui.healing.incidents.evidence.collecting import KEPT, Evidence
from grace_tui.healing.incidents.evidence.pruning import Policy
from grace_tui.healing.incidents.evidence.sources import BusLook, LogTail, Sources
from grace_tui.healing.store import open_store
from grace_tui.kernel.records import BusStatistics, IncidentRecord
from grace_tui.kernel.testing import ManualClock
from tests.healing.incidents.workshop import failed

SECRET = "correct-horse-battery"
BUS = BusLook(
    BusStatistics(10, 9, 1, 0, 0, 2, {f"topic.{number}": number for number in range(30)}, {"coding_agent": 4}),
    [{"pattern": "told.*", "waiting": 4, "capacity": 8, "dropped": 1}],
)
SOURCES = Sources(
    log=lambda kernel: LogTail([f"{kernel}: line {number}" for number in range(3)], 3),
    beats=lambda kernel: {"kernel": kernel, "ages": [0.5, 1.5]},
    bus=lambda kernel: BUS,
    settings=lambda: {"kernels": {"api_server": {"port": 8080, "token": SECRET, "api_keys": [SECRET]}}},
    measured=lambda: {"loop_lag_ms": 0.4},
    changes=lambda kernel: f"--- a/grace.toml\n+++ b/grace.toml\n+api_key = '{SECRET}'\n",
)


@dataclass
class Desk:
    root: Path
    book: IncidentBook
    evidence: Evidence
    clock: ManualClock

    @property
    def folder(self) -> Path:
        return self.root / "logs/incidents"

    def record(self, error: BaseException) -> IncidentRecord:
        return self.book.record(failed(error))

    def second(self) -> None:
        """What the room does once a second."""
        self.clock.now += 1.0
        self.book.flush()
        self.evidence.look(self.book.all, self.book.unbundled)


@contextmanager
def desk(root: Path, sources: Sources = SOURCES, policy: Policy = KEPT, start: float = 1_000.0) -> Iterator[Desk]:
    """Everything that was collected is written when it ends."""
    clock = ManualClock(start)
    store = open_store(root / ".grace/room.db")
    evidence = Evidence(root / "logs/incidents", root, sources, clock, policy)
    book = IncidentBook(store, clock, root, lambda event: None, evidence)
    try:
        yield Desk(root, book, evidence, clock)
    finally:
        book.close()
        store.close()


@dataclass
class Kept:
    """A bundle as it is on disk."""

    record: IncidentRecord
    folder: Path
    names: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def json(self, name: str) -> Any:
        return json.loads(self.text(name))

    def entry(self, name: str) -> Any:
        """What the index says of a part."""
        return next(part for part in self.json("index.json")["parts"] if part["name"] == name)


def bundle_of(root: Path, error: BaseException, sources: Sources = SOURCES) -> Kept:
    """Record a failure, wait until its bundle is written, and return both."""
    with desk(root, sources) as at:
        record = at.record(error)
    known = at.book.get(record.id)
    assert known is not None
    return Kept(known, root / "logs/incidents" / record.id)
