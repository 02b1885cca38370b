"""How a real room answers incidents: with a playbook, with a person, and with the whole ladder for who asks why."""

from pathlib import Path

import msgspec

from grace_tui.faces.views import IncidentView, RoomView
from grace_tui.healing.answering.ladder import LEFT
from grace_tui.settings.model import HealingSettings
from tests.room.bench import QUICK, calm, kernel_of, opened, write

RESTART = """
says = "Start it again."
when = "incident.kind == 'LatencySpike' and kernel.state == 'running'"
[[step]]
action = "restart"
"""
FRAGILE = '''
    """Falls when it is told to."""

    from grace_tui.kernel import Kernel

    class Fragile(Kernel):
        async def run(self):
            async for message in self.subscribe("told.*"):
                raise RuntimeError(str(message.topic))
'''


def playbook(root: Path, name: str, text: str) -> None:
    (root / "playbooks").mkdir(exist_ok=True)
    (root / "playbooks" / f"{name}.toml").write_text(text)


def shown(view: RoomView) -> IncidentView:
    """The one incident of a room, once it is there."""
    return view.incidents[0] if view.incidents else IncidentView("", "", "", "", "", 0, 0.0, 0.0, "")


async def test_a_measured_breach_is_answered_by_a_playbook_that_acts(tmp_path: Path) -> None:
    calm(tmp_path, "worker")
    playbook(tmp_path, "again", RESTART)
    async with opened(tmp_path) as bench:
        await bench.running("worker")
        found = bench.room.parts.book.report("worker", "LatencySpike", "900 ms", by="trigger_mesh")
        view = await bench.until(lambda view: shown(view).state == "watching")
        assert kernel_of(view, "worker").restarts == 1
        (run,) = bench.room.playbooks.runs()
        assert (run.playbook, run.state, run.by) == ("again", "succeeded", "first_aid")
        why = (await bench.answer("why", incident=found.id))["text"]
        assert "in_repair: playbook again: " in why
        assert "the answer, as it stands" in why


async def test_what_nobody_can_answer_is_shown_to_a_person_until_somebody_takes_it(tmp_path: Path) -> None:
    calm(tmp_path, "worker")
    async with opened(tmp_path) as bench:
        await bench.running("worker")
        found = bench.room.parts.book.report("worker", "NobodyKnows", "?", by="tester")
        view = await bench.until(lambda view: any("NobodyKnows" in text for text in view.warnings))
        assert (shown(view).state, shown(view).action.endswith(LEFT)) == ("open", True)
        assert "ask a person: it was measured" in (await bench.answer("why", incident=found.id))["text"]
        assert (await bench.answer("incident.ack", id=found.id))["ok"]
        await bench.until(lambda view: not any("NobodyKnows" in text for text in view.warnings))


async def test_a_person_lets_automation_try_again(tmp_path: Path) -> None:
    calm(tmp_path, "worker")
    async with opened(tmp_path) as bench:
        await bench.running("worker")
        found = bench.room.parts.book.report("worker", "LatencySpike", "900 ms", by="trigger_mesh")
        await bench.until(lambda view: shown(view).action.endswith(LEFT))
        playbook(tmp_path, "again", RESTART)
        await bench.until(lambda view: any(known.name == "again" for known in bench.room.playbooks.all()))
        again = await bench.answer("incident.reopen", id=found.id, reason="there is a playbook now")
        assert again["text"] == f"{found.id} is answered anew"
        await bench.until(lambda view: shown(view).state == "watching")


async def test_a_crash_without_a_diagnosis_goes_to_its_playbook_before_the_agent(tmp_path: Path) -> None:
    write(tmp_path, "fragile.py", FRAGILE)
    playbook(
        tmp_path, "again", RESTART.replace("incident.kind == 'LatencySpike' and kernel.state == 'running'", "true")
    )
    settings = msgspec.structs.replace(
        QUICK,
        supervisor=msgspec.structs.replace(QUICK.supervisor, intensity=1, backoff_base=30.0, backoff_cap=30.0),
        healing=HealingSettings(),
    )
    async with opened(tmp_path, settings) as bench:
        await bench.running("fragile")
        for number in range(2):
            bench.room.parts.bus.publish(f"told.{number}", {}, source="tester")
        await bench.until(lambda view: any(run.state == "succeeded" for run in view.runs))
        await bench.running("fragile")
        assert bench.room.parts.queue.all() == ()
