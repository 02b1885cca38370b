"""Silences in an open room: what they hide is counted and not answered, and comes back with their end."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.store import open_store
from grace_tui.kernel.events import IncidentOpened
from grace_tui.kernel.records import IncidentRecord
from grace_tui.room import silencing
from tests.room.bench import Bench, calm, incident_of, kernel_of, opened, told

REPOSITORY = Path(__file__).parents[2]
REASON = "we move the database"
BROKEN = "raise ValueError('no answer')"


def report(bench: Bench, kernel: str = "one", kind: str = "Slow") -> IncidentRecord:
    return bench.room.parts.book.report(kernel, kind, "too slow", "tester")


def known(bench: Bench, incident: IncidentRecord) -> IncidentRecord:
    found = bench.room.parts.book.get(incident.id)
    assert found is not None
    return found


async def silenced(bench: Bench, length: object = "2h", **matcher: str) -> Mapping[str, Any]:
    answer = await bench.answer("silence.add", matcher=matcher, reason=REASON, **{"for": length})
    assert answer["ok"], answer["text"]
    found: Mapping[str, Any] = answer["data"]["silence"]
    return found


async def failed(bench: Bench, kernel: str = "told") -> IncidentRecord:
    """Let the kernel fail once more, and be started again."""
    before = sum(record.count for record in bench.room.parts.book.all())
    bench.room.parts.bus.publish("told.once", {}, source="tester")
    await bench.until(lambda view: sum(found.count for found in view.incidents) > before)
    await bench.running(kernel)
    return next(record for record in bench.room.parts.book.all() if record.kernel == kernel)


def later(bench: Bench, seconds: float) -> None:
    """Put the room's clock forward, and let it do what is due."""
    clock = bench.room.parts.clock
    before = clock.time
    clock.time = lambda: before() + seconds  # type: ignore[method-assign]
    bench.room.silencing.look()


# ---- while it is in force


async def test_what_no_silence_fits_is_not_held_against_each_of_them_every_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        asked: list[str] = []
        hides = bench.room.parts.silences.hides

        def counted(record: IncidentRecord) -> str:
            asked.append(record.id)
            return hides(record)

        monkeypatch.setattr(bench.room.parts.silences, "hides", counted)
        incident = report(bench)
        await silenced(bench, kernel="other")
        for _ in range(3):
            bench.room.silencing.look()
        assert asked == [incident.id]
        await silenced(bench, kernel="one")
        assert known(bench, incident).state == "suppressed"


async def test_a_silence_over_many_incidents_leaves_the_loop_its_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        book, turns = bench.room.parts.book, list[int]()
        hide_some = bench.room.silencing._hide_some
        for number in range(40):
            book.report(f"k{number}", "Slow", "too slow", "tester")
        monkeypatch.setattr(silencing, "TURN", 0.0)

        def counted() -> bool:
            before = sum(record.state == "suppressed" for record in book.all())
            more = hide_some()
            turns.append(sum(record.state == "suppressed" for record in book.all()) - before)
            return more

        monkeypatch.setattr(bench.room.silencing, "_hide_some", counted)
        answer = await bench.answer("silence.add", matcher={"kernel": "k*"}, reason=REASON, **{"for": "2h"})
        assert "40 incidents hidden now" in answer["text"]
        assert (sum(turns), max(turns)) == (40, 1)


async def test_what_is_hidden_is_restarted_and_counted_and_neither_answered_nor_open(tmp_path: Path) -> None:
    told(tmp_path, BROKEN)
    async with opened(tmp_path) as bench:
        await bench.running("told")
        silence = await silenced(bench, kernel="t*", kind="ValueError")
        for count in (1, 2):
            hidden = await failed(bench)
            assert (hidden.state, hidden.hidden_by, hidden.count) == ("suppressed", silence["id"], count)
        view = bench.room.view()
        assert (view.open_incidents, view.suppressed, kernel_of(view, "told").restarts) == (0, 1, 2)
        bench.room.first_aid.look()
        assert not bench.room.first_aid.busy
        assert await bench.room.healer.respond(hidden.id, "tester") == f"{hidden.id} is suppressed"
        assert bench.room.parts.queue.all() == ()
        shown = await bench.answer("silence.show", id=silence["id"])
        assert [(line["incident_id"], line["count"]) for line in shown["data"]["ledger"]] == [(hidden.id, 2)]


async def test_a_new_silence_hides_what_is_open_already_and_says_so(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two")
    async with opened(tmp_path) as bench:
        mine, other = report(bench), report(bench, "two")
        bench.room.parts.book.take(mine.id, "ann", "ann")
        answer = await bench.answer("silence.add", matcher={"kernel": "one"}, reason=REASON, **{"for": 3600})
        assert "1 incident hidden now\n  " + mine.id in answer["text"]
        assert (known(bench, mine).state, known(bench, other).state) == ("suppressed", "open")
        assert known(bench, mine).owner == "ann"
        (began,) = bench.audited("silence.began")
        assert (began["actor"], began["resource"]) == ("tester", answer["data"]["silence"]["id"])
        assert began["result"].startswith("hides kernel one until ")
        assert began["result"].endswith(REASON)


async def test_what_is_worked_on_stays_until_that_ends(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two", "three")
    async with opened(tmp_path) as bench:
        book, queue = bench.room.parts.book, bench.room.parts.queue
        repaired, watched, queued = report(bench), report(bench, "two"), report(bench, "three")
        book.move(repaired.id, "in_repair", "a playbook runs", "tester")
        book.move(watched.id, "watching", "it was repaired", "tester")
        queue.add(queued, book.failure(queued.id), priority=10, title="repair it")
        await silenced(bench, kernel="*")
        bench.room.silencing.look()
        assert [known(bench, each).state for each in (repaired, watched, queued)] == ["in_repair", "watching", "open"]
        book.move(repaired.id, "open", "it did not help", "tester")
        bench.room.silencing.look()
        assert known(bench, repaired).state == "suppressed"


async def test_why_and_show_name_the_silence_its_reason_and_its_end(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        incident = report(bench)
        silence = await silenced(bench, kernel="one")
        for verb, argument in (("why", "incident"), ("incident.show", "id")):
            text = (await bench.answer(verb, **{argument: incident.id}))["text"]
            assert text.startswith(f"hidden by silence {silence['id']} until ")
            assert f"by tester: {REASON}\n" in text


async def test_a_preview_lists_what_would_be_hidden_and_hides_nothing(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two")
    async with opened(tmp_path) as bench:
        would, stays = report(bench), report(bench, "two")
        bench.room.parts.book.move(stays.id, "in_repair", "a playbook runs", "tester")
        answer = await bench.answer("silence.preview", matcher={"kind": "Sl?w"})
        assert answer["text"].splitlines() == [
            "kind Sl?w would hide 1 incident now",
            f"  {would.id}  open  one  Slow: too slow",
            "1 incident would stay until what is done about it ends",
            f"  {stays.id}  in_repair  two  Slow: too slow",
        ]
        assert [found["id"] for found in answer["data"]["hides"]] == [would.id]
        assert known(bench, would).state == "open"
        assert bench.room.parts.silences.all() == ()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"matcher": {"kernel": "x"}, "for": "2h"}, "a reason has 1 to 500 characters, not 0"),
        ({"matcher": {}, "reason": "r", "for": "2h"}, "the matcher fits nothing: give it one of kernel"),
        ({"matcher": {"kernl": "x"}, "reason": "r", "for": "2h"}, "did you mean kernel?"),
        ({"matcher": "x", "reason": "r", "for": "2h"}, "matcher is 'x'; expected fields and their patterns"),
        ({"matcher": {"kernel": "x"}, "reason": "r"}, "a silence needs an end: give it either for or ends_at"),
        ({"matcher": {"kernel": "x"}, "reason": "r", "for": "soon"}, "for is 'soon'; expected a time such as"),
        ({"matcher": {"kernel": "x"}, "reason": "r", "ends_at": "now"}, "ends_at is 'now'; expected seconds since"),
        ({"matcher": {"kernel": "x"}, "reason": "r", "ends_at": 5}, "a silence ends a second to 31 days after"),
        ({"matcher": {"kernel": "x"}, "reason": "r", "for": "800h"}, "a silence ends a second to 31 days after"),
    ],
)
async def test_what_cannot_be_a_silence_is_refused_and_audited(
    tmp_path: Path, arguments: dict[str, object], told: str
) -> None:
    async with opened(tmp_path) as bench:
        answer = await bench.answer("silence.add", **arguments)
        assert not answer["ok"]
        assert told in answer["text"]
        assert told in bench.audited("command.refused")[0]["result"]
        assert bench.room.parts.silences.all() == ()


# ---- its end


async def test_what_happened_while_it_was_hidden_opens_again_and_is_answered(tmp_path: Path) -> None:
    told(tmp_path, BROKEN)
    async with opened(tmp_path) as bench:
        await bench.running("told")
        silence = await silenced(bench, kernel="told")
        hidden = await failed(bench)
        box = bench.room.parts.bus.subscribe("tester", IncidentOpened.topic)
        answer = await bench.answer("silence.end", id=silence["id"], reason="moved")
        assert answer["text"] == f"{silence['id']} ended; 1 open again"
        message = await box.receive(1.0)
        assert message is not None
        assert isinstance(message.payload, IncidentOpened)
        assert message.payload.incident_id == hidden.id
        reasons = [text for _, _, text in known(bench, hidden).timeline]
        assert f"open: silence {silence['id']} ended" in reasons
        await bench.until(lambda view: incident_of(view, "told").task_id)
        assert bench.audited("silence.ended")[0]["result"] == "1 open again"
        assert bench.audited("silence.end")[0]["reason"] == "moved"


async def test_what_a_person_took_is_theirs_again_and_answered_by_nobody(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        incident = report(bench)
        assert (await bench.answer("incident.take", id=incident.id, owner="ann"))["ok"]
        silence = await silenced(bench, kernel="one")
        assert (known(bench, incident).state, known(bench, incident).owner) == ("suppressed", "ann")
        report(bench)
        answer = await bench.answer("silence.end", id=silence["id"])
        assert answer["text"] == f"{silence['id']} ended; 1 with their owner again"
        found = known(bench, incident)
        assert (found.state, found.owner) == ("acknowledged", "ann")
        assert found.action == f"silence {silence['id']} ended; ann looks after it"
        assert (await bench.answer("incident.release", id=incident.id, reason="on leave"))["ok"]
        assert known(bench, incident).state == "open"


async def test_what_did_not_happen_again_is_resolved_where_its_kernel_runs(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two")
    async with opened(tmp_path) as bench:
        await bench.running("one", "two")
        well, down = report(bench), report(bench, "two")
        silence = await silenced(bench, kernel="*")
        await bench.answer("kernel.stop", name="two")
        await bench.until(lambda view: kernel_of(view, "two").state == "stopped")
        answer = await bench.answer("silence.end", id=silence["id"])
        assert answer["text"] == f"{silence['id']} ended; 1 open again, 1 resolved"
        assert (known(bench, well).state, known(bench, down).state) == ("resolved", "open")
        assert known(bench, well).action.endswith("ended; it did not happen meanwhile, and one runs")
        ledger = bench.room.parts.silences.ledger.of(silence["id"])
        assert {(line.incident_id, line.count) for line in ledger} == {(well.id, 0), (down.id, 0)}


async def test_an_end_that_comes_by_itself_is_announced_once_with_what_comes_back(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two")
    async with opened(tmp_path) as bench:
        await bench.running("one", "two")
        silence = await silenced(bench, "2h", kernel="*")
        hidden = [report(bench), report(bench, "two")]
        later(bench, 6_500)
        assert bench.room.view().warnings == ()
        later(bench, 120)
        later(bench, 20)
        (warning,) = bench.room.view().warnings
        assert warning.startswith(f"silence {silence['id']} (kernel *) ends in 9 min")
        assert warning.endswith("; the 2 incidents that it hides come back")
        assert [record["resource"] for record in bench.audited("silence.ends_soon")] == [silence["id"]]
        assert any("the 2 incidents that it hides come back" in line for line in bench.room.parts.log.tail(50))
        later(bench, 600)
        assert bench.room.view().warnings == ()
        assert [known(bench, each).state for each in hidden] == ["open", "open"]
        assert [record["result"] for record in bench.audited("silence.ended")] == ["2 open again"]


async def test_a_short_silence_is_announced_in_its_last_tenth(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await silenced(bench, 200, kernel="nobody")
        later(bench, 170)
        assert bench.room.view().warnings == ()
        later(bench, 15)
        (warning,) = bench.room.view().warnings
        assert warning.endswith("; it hides nothing that would come back")


async def test_what_another_silence_fits_goes_over_to_it_and_opens_with_its_end(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        first = await silenced(bench, 3_000, kernel="one")
        hidden = report(bench)
        second = await silenced(bench, 6_000, kernel="o*")
        later(bench, 2_990)
        assert [warning for warning in bench.room.view().warnings if warning.endswith("nothing that would come back")]
        later(bench, 20)
        assert bench.audited("silence.ended")[0]["result"] == "1 hidden by another silence"
        assert known(bench, hidden).hidden_by == second["id"] != first["id"]
        later(bench, 3_000)
        assert known(bench, hidden).state == "open"


async def test_silences_are_listed_in_force_first_with_what_they_hid(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        gone = await silenced(bench, 600, kernel="one")
        report(bench)
        await bench.answer("silence.end", id=gone["id"])
        late, soon = await silenced(bench, 900, kernel="a"), await silenced(bench, 300, kernel="b")
        listed = (await bench.answer("silence.list"))["data"]["silences"]
        assert [found["id"] for found in listed] == [soon["id"], late["id"], gone["id"]]
        assert (listed[2]["hidden"], listed[2]["failures"], listed[2]["ended_by"]) == (1, 1, "tester")
        text = (await bench.answer("silence.show", id=gone["id"]))["text"]
        assert text.startswith(f"{gone['id']}: ended by tester\nkernel one\n")
        assert "hid         1 incident, 1 failure" in text


# ---- outliving the room


async def test_a_silence_and_what_it_hides_outlive_a_restart_of_the_room(tmp_path: Path) -> None:
    told(tmp_path, BROKEN)
    async with opened(tmp_path) as bench:
        await bench.running("told")
        silence = await silenced(bench, kernel="told")
        hidden = await failed(bench)
    async with opened(tmp_path) as bench:
        await bench.running("told")
        assert (known(bench, hidden).state, known(bench, hidden).hidden_by) == ("suppressed", silence["id"])
        assert (await failed(bench)).count == 2
        (line,) = bench.room.parts.silences.ledger.of(silence["id"])
        assert (line.incident_id, line.count) == (hidden.id, 2)
        assert (await bench.answer("silence.end", id=silence["id"]))["text"].endswith("; 1 open again")


async def test_a_silence_that_ended_while_the_room_was_closed_gives_back_what_it_hid(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        silence = await silenced(bench, 600, kernel="one")
        hidden = report(bench)
    store = open_store(tmp_path / ".grace" / "room.db")
    ended = "json_set(CAST(record AS TEXT), '$.ends_at', json_extract(CAST(record AS TEXT), '$.starts_at') + 1)"
    store.write(f"UPDATE silences SET record = {ended}")
    store.close()
    async with opened(tmp_path) as bench:
        later(bench, 2)
        assert known(bench, hidden).state == "open"
        assert bench.audited("silence.ended")[0]["resource"] == silence["id"]


async def test_a_silence_that_cannot_be_read_is_told_and_hides_nothing_any_more(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        silence = await silenced(bench, kernel="one")
        hidden = report(bench)
    store = open_store(tmp_path / ".grace" / "room.db")
    store.write("UPDATE silences SET record = 'nonsense'")
    store.close()
    async with opened(tmp_path) as bench:
        (warning,) = bench.room.view().warnings
        assert warning.startswith(f"the silence {silence['id']} cannot be read, and hides nothing: ")
        assert bench.audited("silence.unreadable")[0]["result"] == warning
        bench.room.silencing.look()
        assert known(bench, hidden).state == "open"
        assert await bench.answer("silence.list")


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.room.bench import opened
from tests.room.test_silencing import failed, silenced

async def main():
    async with opened(Path(sys.argv[1])) as bench:
        await bench.running("told")
        silence = await silenced(bench, kernel="told")
        hidden = await failed(bench)
        print(silence["id"], hidden.id, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_silence_and_what_it_hides_survive_a_kill_of_the_room(tmp_path: Path) -> None:
    told(tmp_path, BROKEN)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    words = [sys.executable, "-c", KILLED, str(tmp_path)]
    killed = subprocess.run(words, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: ASYNC221  nothing runs yet
    assert killed.returncode == -9
    silence_id, incident_id = killed.stdout.split()
    async with opened(tmp_path) as bench:
        await bench.running("told")
        hidden = await failed(bench)
        assert (hidden.id, hidden.state, hidden.hidden_by) == (incident_id, "suppressed", silence_id)
        (line,) = bench.room.parts.silences.ledger.of(silence_id)
        assert line.count == 2
