"""Commands about the life of incidents, on a real room."""

from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.room.commands_incidents import OWNER_LIMIT, REASON_LIMIT
from tests.room.bench import Bench, calm, opened


async def _reported(bench: Bench) -> str:
    await bench.running("one")
    return bench.room.parts.book.report("one", "LogSilence", "nothing for an hour", "tester").id


def _told(bench: Bench, incident_id: str) -> object:
    """An incident without its evidence, which comes when it is written."""
    found = bench.room.parts.book.get(incident_id)
    assert found is not None
    return replace(found, bundle="")


async def test_an_incident_is_taken_released_resolved_and_reopened(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        found = await _reported(bench)
        taken = await bench.answer("incident.take", id=found, owner="ann", reason="I know it")
        assert (taken["ok"], taken["text"]) == (True, f"{found} is acknowledged, taken by ann")
        assert (taken["data"]["owner"], taken["data"]["state"]) == ("ann", "acknowledged")
        again = await bench.answer("incident.ack", id=found)
        assert again["data"]["timeline"][-1][1:] == ("tester", "taken by tester from ann")
        released = await bench.answer("incident.release", id=found, reason="holiday")
        assert (released["data"]["owner"], released["data"]["state"]) == ("", "open")
        resolved = await bench.answer("incident.resolve", id=found, reason="seen to")
        assert resolved["data"]["timeline"][-1][1:] == ("tester", "resolved: seen to")
        reopened = await bench.answer("incident.reopen", id=found, reason="not at all")
        assert reopened["data"]["state"] == "reopened"
        for verb, reason in (("take", "I know it"), ("release", "holiday"), ("resolve", "seen to")):
            assert bench.audited(f"incident.{verb}")[0]["reason"] == reason


@pytest.mark.parametrize("act", ["release", "resolve", "reopen"])
async def test_a_decision_without_a_reason_is_refused_and_changes_nothing(tmp_path: Path, act: str) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        found = await _reported(bench)
        if act == "reopen":
            await bench.answer("incident.resolve", id=found, reason="seen to")
        before = _told(bench, found)
        for reason in ("", "  \n"):
            refused = await bench.answer(f"incident.{act}", id=found, reason=reason)
            assert (refused["ok"], refused["text"][:7]) == (False, "say why")
        assert _told(bench, found) == before


async def test_what_does_not_follow_or_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        found = await _reported(bench)
        calls = {
            ("reopen", found): f"{found} is open; it may become",
            ("resolve", "I-0"): "there is no incident I-0",
            ("take", "I-0"): "there is no incident I-0",
        }
        for (act, incident), words in calls.items():
            refused = await bench.answer(f"incident.{act}", id=incident, reason="because")
            assert not refused["ok"]
            assert words in refused["text"]
        await bench.answer("incident.resolve", id=found, reason="seen to")
        twice = await bench.answer("incident.resolve", id=found, reason="really")
        assert twice["text"] == f"{found} is resolved already: seen to"
        late = await bench.answer("incident.take", id=found)
        assert "it may become reopened, not acknowledged" in late["text"]


@pytest.mark.parametrize(("key", "limit"), [("owner", OWNER_LIMIT), ("reason", REASON_LIMIT)])
async def test_words_that_are_too_long_or_no_text_are_refused(tmp_path: Path, key: str, limit: int) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        found = await _reported(bench)
        for value in ("x" * (limit + 1), 7):
            refused = await bench.answer("incident.take", id=found, **{key: value})
            assert f"expected a text of at most {limit} characters" in refused["text"]


async def test_a_list_has_owners_and_rates(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        found = await _reported(bench)
        await bench.answer("incident.take", id=found, owner="ann")
        (listed,) = (await bench.answer("incident.list"))["data"]["incidents"]
        assert (listed["owner"], listed["rate"]) == ("ann", 1.0)


async def test_a_note_is_a_line_of_the_timeline_and_changes_nothing_else(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        found = await _reported(bench)
        before = _told(bench, found)
        noted = await bench.answer("incident.note", id=found, text="seen since noon,\n password=hunter2-long")
        assert (noted["ok"], noted["text"]) == (True, f"noted with {found}")
        after = bench.room.parts.book.get(found)
        assert after is not None
        line = after.timeline[-1]
        assert line[1:] == ("tester", "seen since noon, password=[redacted]")
        assert replace(after, timeline=after.timeline[:-1], bundle="") == before
        assert bench.audited("incident.note")[0]["resource"] == found
        assert not (await bench.answer("incident.note", id=found, text=" "))["ok"]
        assert (await bench.answer("incident.note", id="I-0", text="x"))["text"] == "there is no incident I-0"
