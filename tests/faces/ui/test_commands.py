"""What a key asks, and what comes of it."""

from collections.abc import Mapping

import msgspec
import pytest

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Target
from tests.faces.ui.sample import ALL, TWO_INCIDENTS


async def test_an_answer_is_told_as_it_came() -> None:
    async def ask(verb: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        return {"ok": True, "text": f"{verb} {arguments['name']}"}

    assert await commands.answer_of(ask, "kernel.restart", {"name": "governance"}) == Answer(
        True, "kernel.restart governance"
    )


async def test_a_room_in_trouble_is_an_answer_too() -> None:
    async def ask(verb: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        raise ConnectionResetError("the room went away")

    answer = await commands.answer_of(ask, "kernel.restart", {"name": "governance"})
    assert answer == Answer(False, "kernel.restart: ConnectionResetError: the room went away")


@pytest.mark.parametrize(
    ("state", "pause", "stop", "asks"),
    [
        ("running", "kernel.pause", "kernel.stop", True),
        ("paused", "kernel.resume", "kernel.stop", True),
        ("stopped", "kernel.pause", "kernel.start", False),
        ("quarantined", "kernel.pause", "kernel.start", False),
    ],
)
def test_one_key_does_what_the_state_calls_for(state: str, pause: str, stop: str, asks: bool) -> None:
    kernel = msgspec.structs.replace(ALL[0], state=state)
    assert commands.pause_or_resume(kernel).verb == pause
    assert commands.stop_or_start(kernel).verb == stop
    assert bool(commands.stop_or_start(kernel).question) is asks


@pytest.mark.parametrize(
    ("target", "incident"),
    [
        (Target("kernel", "coding_agent", "coding_agent"), "i-0008"),
        (Target("incident", "i-0009", "governance"), "i-0009"),
        (Target("task", "t-0009", "governance"), "i-0009"),
        (Target("kernel", "librarian", "librarian"), ""),
    ],
)
def test_the_incident_of_what_is_selected_is_found(target: Target, incident: str) -> None:
    assert commands.incident_of(TWO_INCIDENTS, target) == incident
