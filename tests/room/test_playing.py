"""Playbooks of a real room: for people, for kernels in tasks and processes, and over the end of a room."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel.records import RunRecord, StepRecord
from tests.room.bench import Bench, calm, opened, write

ASKS = """
# Why: for the test.
says = "Asks before it notes."
when = "incident.kind == 'Asking'"
[[step]]
action = "ask"
with = { question = "May I go on with {incident.kernel}?" }
[[step]]
action = "note"
with = { text = "went on" }
"""
RUNNER = '''
    """Has a playbook run when it is told to, and tells what it sees."""

    from grace_tui.kernel import Kernel, KernelSpec

    class Runner(Kernel):
        spec = KernelSpec(isolation="{isolation}")

        async def run(self):
            async for message in self.subscribe("told.*"):
                playbooks = self.context.playbooks
                await playbooks.ready()
                names = [found.name for found in playbooks.all()]
                run = await playbooks.run("asks", message.payload["incident"], self.name, why="told to")
                known = [found.id for found in playbooks.runs()]
                said = {{"state": run.state, "known": run.id in known, "names": names}}
                self.context.bus.publish("told", said, source=self.name)
'''


def own(root: Path, name: str, text: str) -> Path:
    path = root / "playbooks" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


async def asked(bench: Bench) -> dict[str, Any]:
    """A run that waits for a person."""
    incident = bench.room.parts.book.report("one", "Asking", "a test", "tester", route="nobody")
    answer = await bench.answer("playbook.run", name="asks", incident=incident.id)
    assert answer["ok"], answer
    run: dict[str, Any] = answer["data"]
    return run


async def test_a_question_is_shown_and_answered_by_command(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    own(tmp_path, "asks", ASKS)
    async with opened(tmp_path) as bench:
        await bench.running("one")
        run = await asked(bench)
        assert run["state"] == "waiting_for_person"
        view = await bench.until(lambda view: view.runs and view.warnings)
        assert view.runs[0].question == "May I go on with one?"
        assert "asks asks: May I go on with one?" in view.warnings[0]
        answer = await bench.answer("playbook.answer", id=run["id"], yes=True)
        assert answer["text"] == f"asks ({run['id']}) succeeded: answered with yes; noted"
        view = await bench.until(lambda view: view.runs[0].state == "succeeded")
        assert not view.warnings
        assert (await bench.answer("playbook.answer", id=run["id"], yes=True))["ok"] is False


async def test_a_question_and_an_interrupted_run_outlive_the_room(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    own(tmp_path, "asks", ASKS)
    async with opened(tmp_path) as bench:
        await bench.running("one")
        run = await asked(bench)
        incident = run["incident_id"]
        # As a kill leaves it: begun, with an effect, and no end.
        step = StepRecord("hold", "pause", {"kernel": "one"}, state="done", turn=1, undo={"paused": {}})
        cut = RunRecord(
            "R-20260101-0001-cut0", "hold", "I-0", "one", "c", "self_healing", "running", 1.0, steps=(step,)
        )
        bench.room.playbooks.records.save(cut)
    async with opened(tmp_path) as bench:
        view = await bench.until(lambda view: any(found.state == "interrupted" for found in view.runs))
        assert any("May I go on" in warning for warning in view.warnings)
        ended = bench.room.playbooks.get(cut.id)
        assert ended is not None
        assert ended.steps[0].state == "undone"
        assert (await bench.answer("playbook.answer", id=run["id"], yes=False))["ok"]
        answered = bench.room.playbooks.get(run["id"])
        assert answered is not None
        assert (answered.incident_id, answered.detail) == (incident, "ask: tester said no")


@pytest.mark.parametrize("isolation", ["task", "process"])
async def test_a_kernel_runs_a_playbook_wherever_it_lives(tmp_path: Path, isolation: str) -> None:
    calm(tmp_path, "one")
    write(tmp_path, "runner.py", RUNNER.format(isolation=isolation))
    own(tmp_path, "asks", ASKS)
    async with opened(tmp_path) as bench:
        await bench.running("one", "runner")
        incident = bench.room.parts.book.report("one", "Asking", "a test", "tester", route="nobody")
        bus = bench.room.parts.bus
        box = bus.subscribe("tester", "told")
        bus.publish("told.once", {"incident": incident.id}, source="tester")
        async with asyncio.timeout(20):
            message = await box.receive(20.0)
        assert message is not None
        told = message.payload
        assert isinstance(told, dict)
        assert (told["state"], told["known"]) == ("waiting_for_person", True)
        assert {"asks", "free_disk"} <= set(told["names"])


async def test_playbooks_are_listed_shown_and_checked(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    own(tmp_path, "asks", ASKS)
    async with opened(tmp_path) as bench:
        await bench.running("one")
        listed = {found["name"]: found for found in (await bench.answer("playbook.list"))["data"]["playbooks"]}
        assert (listed["asks"]["file"], listed["asks"]["steps"]) == ("playbooks/asks.toml", ["ask", "note"])
        assert listed["free_disk"]["file"] == "shipped"
        run = await asked(bench)
        shown = (await bench.answer("playbook.show", name="asks"))["text"]
        assert "# Why: for the test." in shown
        assert run["id"] in shown
        told = await bench.answer("playbook.runs", id=run["id"])
        assert "asks        May I go on with one?" in told["text"]
        assert "running  ask: ask(question=May I go on with one?)" in told["text"]
        assert (await bench.answer("playbook.check"))["ok"]
        bad = own(tmp_path, "bad", ASKS.replace('"ask"', '"aks"'))
        checked = await bench.answer("playbook.check")
        assert not checked["ok"]
        await bench.until(lambda view: any(warning.startswith(f"{bad}:6") for warning in view.warnings))
        (refused,) = (await bench.answer("playbook.list"))["data"]["refused"]
        assert refused["file"] == str(bad)
        assert refused["problems"] == ['line 6: step 1: action is "aks", which does not exist; did you mean ask?']
        assert checked["text"] == f'{bad}:6: step 1: action is "aks", which does not exist; did you mean ask?'


async def test_a_secret_in_what_a_playbook_says_is_told_to_nobody(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    own(tmp_path, "asks", ASKS.replace("May I", "Is password=hunter2-long right, may I"))
    async with opened(tmp_path) as bench:
        await bench.running("one")
        run = await asked(bench)
        told = await bench.answer("playbook.runs", id=run["id"])
        assert "ask(question=Is password=[redacted] right, may I go on with one?)" in told["text"]
        assert "hunter2" not in f"{told}"


async def test_a_file_that_is_saved_while_the_room_is_open_is_followed(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        await bench.room.playbooks.ready()
        bad = own(tmp_path, "asks", "says = ")
        view = await bench.until(lambda view: view.warnings)
        assert view.warnings[0].startswith(f"{bad}:1: not TOML")
        own(tmp_path, "asks", ASKS)
        await bench.until(lambda view: not view.warnings)
        assert "asks" in [record.name for record in bench.room.playbooks.all()]


@pytest.mark.parametrize(
    ("verb", "arguments", "right"),
    [
        ("playbook.show", {"name": "askz"}, 'there is no playbook "askz"; did you mean asks?'),
        ("playbook.run", {"name": "asks", "incident": "I-9"}, "there is no incident 'I-9'"),
        ("playbook.runs", {"id": "R-9"}, "there is no run 'R-9'"),
        ("playbook.answer", {"id": "R-9", "yes": True}, "there is no run 'R-9'"),
        ("playbook.answer", {"id": "R-9", "yes": "yes"}, "yes is 'yes'; expected true or false"),
    ],
)
async def test_a_wrong_command_is_an_answer(tmp_path: Path, verb: str, arguments: dict[str, Any], right: str) -> None:
    calm(tmp_path, "one")
    own(tmp_path, "asks", ASKS)
    async with opened(tmp_path) as bench:
        answer = await bench.answer(verb, **arguments)
        assert (answer["ok"], answer["text"]) == (False, right)


async def test_nothing_is_read_before_somebody_needs_it(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    own(tmp_path, "asks", "says = ")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        assert not bench.audited("playbooks.read")
        await bench.room.playbooks.ready()
        assert bench.audited("playbooks.read")
