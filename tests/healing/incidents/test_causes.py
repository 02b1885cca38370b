"""Consequences: counted on the incident that explains them, and given back when that is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.healing.incidents.book import GROUP_WAIT, IncidentBook
from grace_tui.kernel.errors import ProviderDown
from grace_tui.kernel.events import IncidentChanged, IncidentOpened
from grace_tui.kernel.records import HiddenFailure, IncidentRecord
from tests.healing.incidents.test_book import Room
from tests.healing.incidents.test_inhibition import Kin
from tests.healing.incidents.workshop import failed, load, raised

LATER = GROUP_WAIT + 0.1


@pytest.fixture
def kin() -> Kin:
    """web needs shop, shop needs database; cache needs nothing."""
    return Kin({"web": ("shop",), "shop": ("database",)})


@pytest.fixture
def room(tmp_path: Path, kin: Kin) -> Iterator[Room]:
    room = Room(tmp_path)
    room.book.join_family(kin)
    yield room
    room.close()


def _breaks(room: Room, kernel: str = "database") -> str:
    return room.book.record(failed(ValueError(f"{kernel} broke"), kernel=kernel)).id


def _lacks(room: Room, kernel: str, provider: str) -> str:
    error = ProviderDown(kernel, provider, "failed")
    return room.book.record(failed(error, kernel=kernel, phase="run", at=room.clock.now)).id


def test_a_dependent_opens_nothing_and_says_what_hides_it(room: Room) -> None:
    cause = _breaks(room)
    room.clock.now += 1
    assert _lacks(room, "shop", "database") == cause
    assert _lacks(room, "shop", "database") == cause
    (record,) = room.book.all()
    said = "ProviderDown: shop called database, which is failed"
    assert record.hides == (HiddenFailure("shop", said, 2, 1_001.0, 1_001.0),)
    assert record.count == 1
    assert record.timeline[-1] == (1_001.0, "room", f"hides a failure of shop: {said}")
    assert room.events[1] == IncidentChanged(cause, "open", "hides a failure of shop", 1)
    assert (room.book.hidden_by("shop"), room.book.hidden_by("database")) == (cause, "")


def test_a_consequence_of_a_consequence_is_the_roots(room: Room) -> None:
    cause = _breaks(room)
    room.clock.now += 1
    _lacks(room, "shop", "database")
    assert _lacks(room, "web", "shop") == cause
    assert [found.kernel for found in room.book.all()[0].hides] == ["shop", "web"]


def test_a_start_fails_for_want_of_what_is_down_two_kernels_away(room: Room, kin: Kin) -> None:
    cause = _breaks(room)
    kin.down |= {"database", "shop"}
    room.clock.now += 1
    assert room.book.record(failed(TimeoutError("not ready"), kernel="web", phase="start")).id == cause
    assert room.book.record(failed(TimeoutError("not ready"), kernel="cache", phase="start")).id != cause


def test_an_own_bug_of_a_dependent_opens_its_own(room: Room, kin: Kin) -> None:
    cause = _breaks(room)
    kin.down.add("database")
    own = room.book.record(failed(KeyError("no such tray"), kernel="shop", phase="start"))
    assert (own.id != cause, own.state, room.book.hidden_by("shop")) == (True, "open", "")


def test_a_provider_that_is_down_without_an_incident_explains_nothing(room: Room) -> None:
    _lacks(room, "shop", "database")
    assert [record.kernel for record in room.book.all()] == ["shop"]


def test_what_is_hidden_is_free_when_the_cause_is_over(room: Room) -> None:
    released = list[tuple[str, str]]()
    room.book.released = lambda kernel, incident_id: released.append((kernel, incident_id))
    cause = _breaks(room)
    _lacks(room, "shop", "database")
    room.book.kernel_running("database", "supervisor")
    assert (room.book.hidden_by("shop"), released) == ("", [("shop", cause)])
    room.clock.now += LATER
    assert _lacks(room, "shop", "database") != cause
    assert [record.kernel for record in room.book.all()] == ["shop", "database"]


def test_a_kernel_that_runs_again_is_hidden_no_more(room: Room) -> None:
    _breaks(room)
    _lacks(room, "shop", "database")
    room.book.kernel_running("shop", "supervisor")
    assert room.book.hidden_by("shop") == ""


def test_a_provider_that_was_restarted_at_once_still_explains_who_met_it_down(room: Room) -> None:
    cause = _breaks(room)
    room.book.kernel_running("database", "supervisor")
    assert _lacks(room, "shop", "database") == cause
    assert room.book.hidden_by("shop") == ""


def test_what_is_hidden_is_free_as_soon_as_its_cause_runs_and_is_watched(room: Room) -> None:
    released = list[tuple[str, str]]()
    room.book.released = lambda kernel, incident_id: released.append((kernel, incident_id))
    early = _lacks(room, "shop", "database")
    cause = _breaks(room)
    room.book.kernel_running("database", "supervisor", 30.0)
    over = room.book.get(early)
    assert over is not None
    assert (over.state, over.action) == ("resolved", f"the kernel of {cause}, which explained it, runs again")
    assert (room.book.hidden_by("shop"), released) == ("", [("shop", cause)])
    room.clock.now += LATER
    assert _lacks(room, "shop", "database") == early
    assert [(one.kernel, one.state) for one in room.book.all()] == [("database", "watching"), ("shop", "reopened")]


def test_a_cause_that_is_told_after_its_consequence_takes_it(room: Room) -> None:
    early = _lacks(room, "shop", "database")
    room.clock.now += GROUP_WAIT / 2
    assert room.book.wait_left(early) == pytest.approx(GROUP_WAIT / 2)
    cause = _breaks(room)
    record, taken = room.book.get(cause), room.book.get(early)
    assert record is not None
    assert taken is not None
    assert (taken.state, taken.hidden_by, room.book.hidden_by("shop")) == ("suppressed", cause, cause)
    assert [found.kernel for found in record.hides] == ["shop"]
    assert IncidentChanged(early, "suppressed", f"explained by {cause}", 1) in room.events
    room.book.kernel_running("database", "supervisor")
    over = room.book.get(early)
    assert over is not None
    assert (over.state, over.action) == ("resolved", f"{cause}, which explained it, is resolved")


def test_a_cause_that_is_told_too_late_takes_nothing(room: Room) -> None:
    early = _lacks(room, "shop", "database")
    room.clock.now += LATER
    _breaks(room)
    found = room.book.get(early)
    assert found is not None
    assert found.state == "open"


def test_only_what_may_be_a_consequence_waits(room: Room, kin: Kin) -> None:
    assert room.book.wait_left(_breaks(room)) == 0
    timeout = room.book.record(failed(TimeoutError("not ready"), kernel="web", phase="start"))
    assert room.book.wait_left(timeout.id) == 0  # all that it requires is up
    kin.down.add("shop")
    assert room.book.wait_left(timeout.id) == pytest.approx(GROUP_WAIT)
    room.clock.now += LATER
    assert room.book.wait_left(timeout.id) == 0


def test_kernels_that_lack_one_another_hide_nothing_of_themselves(room: Room) -> None:
    one = _lacks(room, "shop", "web")
    room.clock.now += LATER
    assert _lacks(room, "web", "shop") == one
    assert _lacks(room, "shop", "web") == one
    assert room.book.all()[0].count == 2


def test_a_flood_of_consequences_is_counted_without_a_closer_look_each(room: Room) -> None:
    _breaks(room)
    for _ in range(1_000):
        room.clock.now += 0.001
        _lacks(room, "shop", "database")
    (record,) = room.book.all()
    assert (record.count, record.hides[0].count) == (1, 1_000)
    assert len(room.events) <= 60


# ---- silences


def test_what_a_silence_hides_is_answered_by_nobody_until_it_is_given_back(room: Room) -> None:
    hits = list[int]()
    room.book.suppress = lambda record: "S-1" if record.kernel == "database" else ""
    room.book.hit = lambda record, failures: hits.append(record.count)
    hidden = _breaks(room)
    _breaks(room)
    record = room.book.get(hidden)
    assert record is not None
    assert (record.state, record.hidden_by, hits) == ("suppressed", "S-1", [1, 2])
    assert not any(isinstance(event, IncidentOpened) for event in room.events)
    (given,) = room.book.unhide("S-1", "the silence ended")
    assert (given.state, given.hidden_by, given.timeline[-1][2]) == ("open", "", "open: the silence ended")
    assert isinstance(room.events[-1], IncidentOpened)
    assert room.book.unhide("S-1", "again") == ()


def test_what_comes_back_while_a_silence_hides_it_stays_hidden(room: Room) -> None:
    record = room.book.move(_breaks(room), "resolved", "fixed", "me")
    room.book.suppress = lambda record: "S-1"
    again = room.book.record(failed(ValueError("database broke"), kernel="database"))
    assert (again.id, again.state, again.hidden_by, again.count) == (record.id, "suppressed", "S-1", 2)
    assert again.resolved_at is None


def test_a_hidden_incident_outlives_a_restart_with_what_hides_it(room: Room) -> None:
    cause = _breaks(room)
    early = room.book.hide(_breaks(room, "cache"), "S-1", "planned work", "ann")
    room.clock.now += 1
    _lacks(room, "shop", "database")
    again = room.restarted()
    book: IncidentBook = again.book
    kept, root = book.get(early.id), book.get(cause)
    assert kept is not None
    assert root is not None
    assert (kept.state, kept.hidden_by) == ("suppressed", "S-1")
    assert [found.kernel for found in root.hides] == ["shop"]
    assert book.hidden_by("shop") == ""
    again.close()


# ---- a file that does not compile

FILE = "kernels/web.py"


def _measured(room: Room, kernel: str = "web") -> IncidentRecord:
    facts = {"rule": "syntax_broken", "subject": FILE, "file": FILE, "line": 3}
    return room.book.report(kernel, "SyntaxBroken", f"{FILE} does not compile", "trigger_mesh", facts=facts)


def _does_not_load(room: Room, kernel: str = "web") -> IncidentRecord:
    error = SyntaxError("invalid syntax", (str(room.root / FILE), 3, 5, "def broken(:"))
    return room.book.record(failed(error, kernel=kernel, phase="load", at=room.clock.now))


def _unhidden(room: Room) -> list[IncidentRecord]:
    return [record for record in room.book.all() if record.state not in ("suppressed", "resolved")]


@pytest.mark.parametrize("order", ["measured first", "raised first"])
def test_a_broken_file_is_one_incident_whoever_tells_it_first(room: Room, order: str) -> None:
    first, second = (_measured, _does_not_load) if order == "measured first" else (_does_not_load, _measured)
    first(room)
    room.clock.now += 60
    second(room)
    (record,) = _unhidden(room)
    assert (record.kind, record.facts) == ("SyntaxError", {"file": FILE, "line": 3})
    assert [(hidden.kernel, hidden.title) for hidden in record.hides] == [
        ("web", f"SyntaxBroken: {FILE} does not compile")
    ]
    assert room.book.hidden_by("web") == ""
    room.book.kernel_running("web", "supervisor")
    assert {each.state for each in room.book.all()} == {"resolved"}


def test_kernels_that_fail_by_one_broken_file_are_one_incident(room: Room) -> None:
    cause = _does_not_load(room, "web")
    room.clock.now += 60
    assert _does_not_load(room, "shop").id == cause.id
    assert _does_not_load(room, "web").id == cause.id
    (record,) = room.book.all()
    assert (record.count, [hidden.kernel for hidden in record.hides]) == (2, ["shop"])


def test_a_measure_that_is_answered_already_takes_in_the_failure(room: Room) -> None:
    measured = _measured(room)
    room.book.move(measured.id, "in_repair", "playbook restore_broken", "self_healing")
    room.events.clear()
    raised = _does_not_load(room)
    assert (raised.state, raised.hidden_by) == ("suppressed", measured.id)
    assert not [event for event in room.events if isinstance(event, IncidentOpened)]
    room.book.move(measured.id, "resolved", "measured 0 again", "trigger_mesh")
    assert {each.state for each in room.book.all()} == {"resolved"}


def test_what_is_broken_after_its_incident_was_resolved_opens_again(room: Room) -> None:
    measured, raised = _measured(room), _does_not_load(room)
    room.book.move(raised.id, "resolved", "seen to", "ann")
    again = _measured(room)
    assert (again.id, again.state) == (measured.id, "reopened")


def test_what_an_unreadable_incident_hid_is_not_hidden_for_ever(room: Room) -> None:
    cause, hidden = _breaks(room), _breaks(room, "shop")
    room.book.hide(hidden, cause, f"explained by {cause}", "room")
    room.store.write("UPDATE incidents SET record = 'torn' WHERE id = ?", cause)
    again = room.restarted()
    shown = again.book.report("shop", "Other", "something else", "somebody")
    ended = again.book.kernel_running("shop", "supervisor")
    assert hidden in [record.id for record in ended]
    assert shown.id not in [record.id for record in ended]
    again.close()


# ---- what a provider raises for those that call it

BROKEN = """
class {name}:
    def value(self):
        return self._read()

    def _read(self):
        raise {error}
"""
CALLER = """
class Caller:
    def run(self, provider):
        return provider.value({arguments})
"""


@pytest.fixture
def met(room: Room, kin: Kin) -> Room:
    """A room that knows database as a kernel, too."""
    kin.needs["database"] = kin.needs["cache"] = ()
    return room


def _provider(room: Room, name: str = "database", error: str = "ValueError('torn page')") -> object:
    return load(room.root, f"kernels/{name}.py", BROKEN.format(name="Provider", error=error)).Provider()


def _calls(room: Room, kernel: str, provider: object, arguments: str = "") -> IncidentRecord:
    caller = load(room.root, f"kernels/{kernel}.py", CALLER.format(arguments=arguments)).Caller()
    error = raised(lambda: caller.run(provider))
    return room.book.record(failed(error, kernel=kernel, phase="run", at=room.clock.now))


def _fails(room: Room, provider: object, kernel: str = "database") -> IncidentRecord:
    error = raised(lambda: provider.value())  # type: ignore[attr-defined]
    return room.book.record(failed(error, kernel=kernel, phase="run", at=room.clock.now))


@pytest.mark.parametrize("error", ["ValueError('torn page')", "KeyError('page')"])
def test_what_a_provider_raises_for_its_callers_is_its_own_incident(met: Room, error: str) -> None:
    provider = _provider(met, error=error)
    cause = _fails(met, provider)
    met.clock.now += 60
    assert {_calls(met, kernel, provider).id for kernel in ("web", "shop", "web")} == {cause.id}
    (record,) = met.book.all()
    assert (record.count, record.last_at) == (1, met.clock.now)
    assert [(found.kernel, found.count) for found in record.hides] == [("web", 2), ("shop", 1)]
    assert met.book.hidden_by("shop") == cause.id


def test_callers_that_fail_in_the_same_function_of_a_provider_are_one_incident(met: Room) -> None:
    provider = _provider(met)
    first = _calls(met, "web", provider)
    met.clock.now += 60
    assert _calls(met, "shop", provider).id == first.id
    assert _calls(met, "web", provider).id == first.id
    (record,) = met.book.all()
    assert (record.kernel, record.count, [found.kernel for found in record.hides]) == ("web", 2, ["shop"])


def test_a_provider_that_fails_by_itself_later_takes_in_its_callers(met: Room) -> None:
    provider = _provider(met)
    early = _calls(met, "web", provider)
    assert met.book.wait_left(early.id) == pytest.approx(GROUP_WAIT)
    met.clock.now += 60
    cause = _fails(met, provider)
    taken = met.book.get(early.id)
    assert taken is not None
    assert (taken.state, taken.hidden_by) == ("suppressed", cause.id)
    assert [record.id for record in _unhidden(met)] == [cause.id]


@pytest.mark.parametrize("kernel", ["web", "shop"])
def test_an_argument_that_does_not_fit_is_the_callers_own(met: Room, kernel: str) -> None:
    provider = _provider(met)
    cause = _fails(met, provider)
    own = _calls(met, kernel, provider, "subsystem=1")
    assert (own.id != cause.id, own.kind, own.state) == (True, "TypeError", "open")


def test_the_same_fault_elsewhere_in_a_provider_is_another_incident(met: Room) -> None:
    cause = _fails(met, _provider(met, "cache"), "cache")
    assert _calls(met, "web", _provider(met)).id != cause.id


def test_failures_in_a_module_that_kernels_share_stay_their_own(met: Room) -> None:
    shared = _provider(met, "common")
    assert len({_calls(met, kernel, shared).id for kernel in ("web", "shop")}) == 2


def test_a_cause_whose_kernel_runs_again_comes_back_with_a_failure_of_a_caller(met: Room) -> None:
    provider = _provider(met)
    first = _calls(met, "web", provider)
    met.book.kernel_running("web", "supervisor", 30.0)
    met.clock.now += 5
    again = _calls(met, "shop", provider)
    assert (again.id, again.state, again.action) == (first.id, "reopened", "shop fails by it")
    assert IncidentChanged(first.id, "reopened", "shop fails by it", 1) in met.events
    (watched,) = met.book.kernel_running("shop", "supervisor", 30.0)
    assert (watched.id, watched.state, met.book.hidden_by("shop")) == (first.id, "watching", "")


def test_a_flood_of_what_a_provider_raises_is_counted(met: Room) -> None:
    provider = _provider(met)
    _fails(met, provider)
    caller = load(met.root, "kernels/web.py", CALLER.format(arguments="")).Caller()
    for _ in range(1_000):
        met.clock.now += 0.001
        met.book.record(failed(raised(lambda: caller.run(provider)), kernel="web", phase="run", at=met.clock.now))
    (record,) = met.book.all()
    assert (record.count, record.hides[0].count) == (1, 1_000)
