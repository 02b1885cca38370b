"""Incidents are handed to the agent where there is code to repair, and to people; access is widened by people alone."""

from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.kernel.records import IncidentRecord
from tests.room.actions.acting import Actor, acting
from tests.room.bench import calm, write

KERNELS = Path(__file__).parents[3] / "kernels"
LAME = "raise RuntimeError('out of luck')"


async def failure(actor: Actor) -> IncidentRecord:
    found = await actor.incident("lame")
    record = actor.room.parts.book.get(found.id)
    assert record is not None
    return record


def left(actor: Actor) -> str:
    record = actor.room.parts.book.get(actor.incident_of_call.id)
    assert record is not None
    return record.action


async def test_repair_of_the_failure_is_queued_at_the_priority_that_is_asked(tmp_path: Path) -> None:
    write(tmp_path, "lame.py", LAME)
    async with acting(tmp_path) as actor:
        actor.room.first_aid.busy = True
        failed = actor.incident_of_call = await failure(actor)
        said = (await actor.do("queue_task", priority=42)).text
        [task] = actor.room.parts.queue.all()
        assert (task.incident_id, task.priority, task.id in said) == (failed.id, 42, True)


async def test_repair_is_of_the_incident_that_a_trigger_names(tmp_path: Path) -> None:
    write(tmp_path, "lame.py", LAME)
    async with acting(tmp_path) as actor:
        actor.room.first_aid.busy = True
        failed = await failure(actor)
        facts = {"incident": failed.id}
        actor.incident_of_call = actor.room.parts.book.report("lame", "RepeatedErrors", "5 times", "t", facts=facts)
        await actor.do("escalate", to="agent")
        assert [task.incident_id for task in actor.room.parts.queue.all()] == [failed.id]


async def test_what_was_only_measured_goes_to_a_person(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        with pytest.raises(ActionFailed, match=r"there is no failure to repair: .* was measured"):
            await actor.do("queue_task")
        await actor.do("escalate", to="agent", reason="the queue still grows")
        assert left(actor).startswith("the queue still grows; there is no failure to repair")
        await actor.do("escalate", reason="nothing helped")
        assert left(actor).startswith("nothing helped")
        assert actor.room.parts.queue.all() == ()


async def test_note_and_answered_question_are_told(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.do("note", text="looked at it")
        assert left(actor) == "looked at it"
        assert (await actor.do("ask", question="Go on?")).question == "Go on?"
        assert (await actor.approved("ask", question="Go on?")).text == "answered with yes"
        with pytest.raises(ActionFailed, match="note asks nothing"):
            await actor.approved("note", text="x")


async def test_access_is_proposed_and_widened_after_a_yes_only(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    write(tmp_path, "message_bus.py", (KERNELS / "message_bus.py").read_text())
    async with acting(tmp_path) as actor:
        await actor.running("one", "message_bus")
        bus = actor.room.parts.bus
        before = bus.rules()
        proposed = await actor.do("propose_acl", topic="system.control")
        assert proposed.question == (
            "May one publish on system.control and read it? The rules of the bus would be: "
            'system.control = ["api_server", "supervisor", "room", "one"]'
        )
        assert bus.rules() == before
        granted = await actor.approved("propose_acl", topic="system.control")
        assert "one" in bus.rules()["system.control"]
        await actor.do("restart", kernel="message_bus")
        assert "one" in bus.rules()["system.control"]
        with pytest.raises(ActionFailed, match=r"one may use system\.control already"):
            await actor.do("propose_acl", topic="system.control")
        await actor.undo("propose_acl", granted, topic="system.control")
        assert bus.rules() == before


async def test_access_cannot_be_widened_without_who_keeps_the_rules(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        actor.room.parts.bus.set_rules({"secret.*": ("owner",)})
        assert "secret.* = " in (await actor.do("propose_acl", topic="secret.one")).question
        with pytest.raises(ActionFailed, match="message_bus"):
            await actor.approved("propose_acl", topic="secret.one")
        assert actor.room.parts.bus.rules() == {"secret.*": ("owner",)}
        with pytest.raises(ActionFailed, match="no topic is named"):
            await actor.do("propose_acl")
