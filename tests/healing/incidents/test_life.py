"""Whatever is done to a book, in whatever order: its rows stay legal, whole and in order."""

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from grace_tui.healing.incidents.rows import group_of
from grace_tui.healing.incidents.states import MOVES
from grace_tui.kernel.errors import GraceError, ProviderDown
from grace_tui.kernel.events import IncidentChanged, IncidentOpened
from grace_tui.kernel.records import IncidentRecord, IncidentState
from tests.healing.incidents.test_book import Room
from tests.healing.incidents.test_inhibition import Kin
from tests.healing.incidents.workshop import failed

KERNELS = st.sampled_from(["web", "shop", "database"])
ERRORS = st.sampled_from(["one", "two", "three", "four", "five", "six", "seven"])
STATES = st.sampled_from(sorted(MOVES))
KEEP = 8


class Life(RuleBasedStateMachine):
    """A book with acts of every kind; `before` is what each row was after the last one."""

    ids: Bundle[str] = Bundle("ids")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.kin = Kin({"web": ("shop",), "shop": ("database",)})
        self.room = Room(Path(self.folder.name), keep=KEEP)
        self.silenced = set[str]()
        self._furnish()
        self.before = dict[str, IncidentRecord]()

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.close()
            self.folder.cleanup()

    def _furnish(self) -> None:
        self.room.book.join_family(self.kin)
        self.room.book.suppress = lambda record: "S-1" if record.kernel in self.silenced else ""

    # ---- acts

    @rule(target=ids, kernel=KERNELS, text=ERRORS)
    def fail(self, kernel: str, text: str) -> str:
        return self.room.book.record(failed(ValueError(text), kernel=kernel, at=self.room.clock.now)).id

    @rule(target=ids, kernel=KERNELS, provider=KERNELS)
    def lack(self, kernel: str, provider: str) -> str:
        error = ProviderDown(kernel, provider, "failed")
        return self.room.book.record(failed(error, kernel=kernel, at=self.room.clock.now)).id

    @rule(target=ids, kernel=KERNELS, value=st.integers(0, 3))
    def report(self, kernel: str, value: int) -> str:
        facts = {"value": value}
        record = self.room.book.report(kernel, "DiskLow", "low", "mesh", route="person", facts=facts)
        assert (record.route, record.facts) == ("person", facts)
        return record.id

    @rule(incident=ids, state=STATES)
    def move(self, incident: str, state: IncidentState) -> None:
        self._try(lambda: self.room.book.move(incident, state, "so it is", "somebody"))

    @rule(incident=ids, owner=st.sampled_from(["ann", "bob"]))
    def take(self, incident: str, owner: str) -> None:
        self._try(lambda: self.room.book.take(incident, owner, "somebody", "mine"))

    @rule(incident=ids)
    def release(self, incident: str) -> None:
        self._try(lambda: self.room.book.release(incident, "not mine", "somebody"))

    @rule(incident=consumes(ids))
    def hide(self, incident: str) -> None:
        self._try(lambda: self.room.book.hide(incident, "S-1", "planned", "somebody"))

    @rule()
    def unhide(self) -> None:
        self.room.book.unhide("S-1", "ended")

    @rule(kernel=KERNELS)
    def silence(self, kernel: str) -> None:
        self.silenced ^= {kernel}

    @rule(kernel=KERNELS)
    def run(self, kernel: str) -> None:
        self.kin.down.discard(kernel)
        self.room.book.kernel_running(kernel, "supervisor")
        assert self.room.book.hidden_by(kernel) == ""

    @rule(kernel=KERNELS)
    def go_down(self, kernel: str) -> None:
        self.kin.down.add(kernel)
        self.room.book.kernel_quarantined(kernel, "too often", "supervisor")

    @rule(kernel=KERNELS)
    def take_out(self, kernel: str) -> None:
        self.room.book.kernel_gone(kernel, "its file is gone", "room")
        assert not [each for each in self.room.book.all() if each.kernel == kernel and each.state != "resolved"]

    @rule(seconds=st.sampled_from([0.01, 0.5, 5.0, 70.0, 4_000.0]))
    def wait(self, seconds: float) -> None:
        self.room.clock.now += seconds
        self.room.book.flush()

    @rule()
    def open_again(self) -> None:
        rows = self.room.book.all()
        self.room = self.room.restarted()
        self._furnish()
        assert {record.id: record for record in self.room.book.all()} == {record.id: record for record in rows}

    def _try(self, act: Callable[[], object]) -> None:
        """An act that may be refused; then it changed nothing."""
        rows = self.room.book.all()
        try:
            act()
        except GraceError:
            assert self.room.book.all() == rows

    # ---- what always holds

    @invariant()
    def rows_are_legal(self) -> None:
        for record in self.room.book.all() if hasattr(self, "room") else ():
            assert record.state in MOVES
            assert (record.resolved_at is not None) == (record.state == "resolved")
            assert not record.hidden_by or record.state == "suppressed"
            assert 0 <= record.variants < record.count
            times = [at for at, _, _ in record.timeline]
            assert times == sorted(times)
            assert record.opened_at <= record.last_at

    @invariant()
    def of_a_group_one_row_is_unresolved(self) -> None:
        rows = self.room.book.all() if hasattr(self, "room") else ()
        groups = Counter((record.kernel, group_of(record)) for record in rows if record.state != "resolved")
        assert set(groups.values()) <= {1}

    @invariant()
    def nothing_is_uncounted(self) -> None:
        if not hasattr(self, "room"):
            return
        rows = {record.id: record for record in self.room.book.all()}
        for incident_id, old in self.before.items():
            new = rows.get(incident_id)
            if new is None:
                assert old.state == "resolved"  # it made room
                continue
            assert new.count >= old.count
            assert len(new.timeline) >= len(old.timeline)
            assert sum(found.count for found in new.hides) >= sum(found.count for found in old.hides)
        self.before = rows

    @invariant()
    def events_are_about_rows(self) -> None:
        if not hasattr(self, "room"):
            return
        for event in self.room.events:
            assert isinstance(event, IncidentOpened | IncidentChanged)
            record = self.room.book.get(event.incident_id)
            assert record is not None
            if isinstance(event, IncidentChanged):
                assert event.count <= record.count
        self.room.events.clear()


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase
