from pathlib import Path

import pytest

from grace_tui.kernel import GraceError, NotReady
from grace_tui.kernel.testing import Bench, running, sample_incident, sample_kernel, sample_task
from kernels.clarity_framework import ClarityFramework
from kernels.voice_conversation import VoiceConversation, duration

pytestmark = pytest.mark.anyio


def troubled(bench: Bench) -> None:
    """A room with one kernel down, one incident, one repair under way and one done."""
    bench.room.records = (
        sample_kernel("librarian", state="failed", error="ValueError: bad value", since=30.0, restarts=1),
        sample_kernel("memory_fusion", summary="3 memories", since=7200.0),
        sample_kernel("self_healing"),
    )
    bench.room.view = {"uptime": 7300.0}
    bench.incidents.add(sample_incident("I1", "librarian", count=2))
    bench.incidents.add(sample_incident("I2", "sandbox", state="resolved"))
    bench.tasks.add(sample_task("T1", "librarian", state="gating", worker="coding_agent"))
    bench.tasks.add(sample_task("T2", "sandbox", state="learned", seconds=2.5, operator="widen"))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("status", "2 of 3 kernels are running, 1 incident open, 1 repair under way."),
        ("Hello!", "Hello. 2 of 3 kernels are running, 1 incident open, 1 repair under way."),
        ("which kernels are down and why?", "librarian is failed: ValueError: bad value"),
        ("What's down?", "librarian is failed: ValueError: bad value"),
        ("any incidents?", "I1 librarian: ValueError: bad value (open, seen 2x)"),
        ("what are you fixing?", "T1 librarian: gating by coding_agent: repair librarian"),
        ("what did you repair?", "T2 sandbox: learned in 2.5 s by widen"),
        ("how is memory fusion?", "memory_fusion is running for 2 hours, 0 restarts. 3 memories"),
        ("librarian", "librarian is failed for 30 seconds, 1 restart. ValueError: bad value"),
        ("how is self-healing", "self_healing is running for 60 seconds, 0 restarts"),
        ("why are kernels down", "librarian is failed: ValueError: bad value"),
        ("how long are you up?", "The room is up for 2 hours."),
    ],
)
async def test_a_question_is_answered_from_live_state(tmp_path: Path, question: str, answer: str) -> None:
    async with running(VoiceConversation, workspace=tmp_path) as bench:
        troubled(bench)
        assert await bench.get(VoiceConversation).ask(question) == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("is anything down?", "No kernel is down."),
        ("incidents", "No incident is open."),
        ("what are you fixing", "Nothing is being repaired."),
        ("what was repaired", "Nothing was repaired yet."),
        ("uptime", "The room does not tell its uptime."),
    ],
)
async def test_an_empty_room_is_told_as_it_is(tmp_path: Path, question: str, answer: str) -> None:
    async with running(VoiceConversation, workspace=tmp_path) as bench:
        assert await bench.get(VoiceConversation).ask(question) == answer


async def test_why_is_answered_by_the_incident_and_the_recorded_reasons(tmp_path: Path) -> None:
    async with running(ClarityFramework, VoiceConversation, workspace=tmp_path) as bench:
        troubled(bench)
        await bench.get(ClarityFramework).record("healer", "replay", "librarian", "it was proven before")
        for question in ("why did librarian fail?", "Why did the librarian restart"):
            answer = await bench.get(VoiceConversation).ask(question)
            assert answer.startswith("I1: ValueError: bad value (open)")
            assert "because: it was proven before" in answer


async def test_why_says_so_when_the_reasons_are_not_at_hand(tmp_path: Path) -> None:
    async with running(VoiceConversation, workspace=tmp_path) as bench:
        troubled(bench)
        answer = await bench.get(VoiceConversation).ask("why I1?")
        assert "The reasons are not at hand: the bench called clarity_framework" in answer


async def test_what_is_not_understood_is_said_with_what_could_be_asked(tmp_path: Path) -> None:
    async with running(VoiceConversation, workspace=tmp_path) as bench:
        answer = await bench.get(VoiceConversation).ask("sing me a song")
        assert answer.startswith("I do not understand 'sing me a song'. I can answer: status;")


@pytest.mark.parametrize(("question", "message"), [("  ", "is empty"), ("x" * 501, "has 501 characters")])
async def test_a_question_of_no_use_is_refused(tmp_path: Path, question: str, message: str) -> None:
    async with running(VoiceConversation, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match=message):
            await bench.get(VoiceConversation).ask(question)


async def test_it_does_not_pretend_to_speak(tmp_path: Path) -> None:
    async with running(VoiceConversation, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match="has no sound; not spoken: 'hello'"):
            await bench.get(VoiceConversation).speak("hello")


async def test_the_history_survives_a_restart_and_is_bounded(tmp_path: Path) -> None:
    async with running(VoiceConversation, workspace=tmp_path) as bench:
        for number in range(60):
            await bench.get(VoiceConversation).ask(f"status {number}")
        saved = bench.get(VoiceConversation).save_state()
        await bench.stop(VoiceConversation)
        again = await bench.start(VoiceConversation, saved_state=saved)
        assert again.summary() == "50 answers kept"
        assert [one.question for one in await again.history(2)] == ["status 58", "status 59"]


async def test_the_probe_fails_when_the_room_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(self: VoiceConversation, question: str) -> str:
        return ""

    monkeypatch.setattr(VoiceConversation, "_answer", silent)
    with pytest.raises(NotReady, match="no answer to `status`"):
        async with running(VoiceConversation, workspace=tmp_path):
            pass


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "5 seconds"), (300, "5 minutes"), (7200, "2 hours"), (432_000, "5 days")]
)
def test_durations_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words
