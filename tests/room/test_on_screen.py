"""A person at the screen of a real room: what the keys ask is understood, done, and shown again."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from grace_tui.faces.ui.app import RoomApp
from tests.faces.ui.driving import screen_text
from tests.room.bench import Bench, calm, opened, write

BROKEN = '''
    """Cannot start."""

    from grace_tui.kernel import Kernel

    class Broken(Kernel):
        async def start(self):
            raise RuntimeError("the disk is not there")
'''


ASKING = """
says = "Asks a person."
when = "incident.kind == 'Nothing'"

[[step]]
action = "ask"
with = { question = "Is the disk plugged in?" }
"""


@asynccontextmanager
async def at_the_screen(root: Path) -> AsyncIterator[tuple[Bench, Pilot[Any]]]:
    """A room with one kernel that runs and one that is quarantined, and its feed of incidents in focus."""
    calm(root, "one")
    write(root, "broken.py", BROKEN)
    async with opened(root) as bench:

        async def ask(verb: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
            return await bench.room.answer(verb, arguments, "ada at the screen")

        app = RoomApp(bench.hub, ask, user="ada")
        async with app.run_test(size=(100, 30)) as pilot:
            await bench.until(lambda view: any(one.state == "quarantined" for one in view.kernels))
            await bench.until(lambda view: view.open_incidents == 1)
            await pilot.press("tab")
            yield bench, pilot


async def press(pilot: Pilot[Any], *keys: str) -> str:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    return screen_text(pilot.app)  # type: ignore[arg-type]


async def test_an_incident_is_taken_and_then_resolved_with_its_reason(tmp_path: Path) -> None:
    async with at_the_screen(tmp_path) as (bench, pilot):
        await press(pilot, "a")
        await bench.until(lambda view: view.incidents[0].owner == "ada")
        await press(pilot, "x", *"known", "enter")
        view = await bench.until(lambda view: view.incidents[0].state == "resolved")
        assert view.incidents[0].action == "known"
        assert [act["actor"] for act in bench.audited("incident.resolve")] == ["ada at the screen"]


async def test_an_incident_is_silenced_and_comes_back_when_the_silence_is_ended(tmp_path: Path) -> None:
    async with at_the_screen(tmp_path) as (bench, pilot):
        await press(pilot, "s", *"moving it", "enter")
        view = await bench.until(lambda view: view.suppressed == 1 and bool(view.silences))
        assert (view.open_incidents, view.silences[0].reason) == (0, "moving it")
        assert view.incidents[0].hidden_by == view.silences[0].id
        assert "in force" in await press(pilot, "S")
        await press(pilot, "d", "y")
        view = await bench.until(lambda view: view.suppressed == 0)
        assert (view.incidents[0].state, view.silences[0].ended_by) == ("open", "ada at the screen")


async def test_the_playbooks_that_are_loaded_are_listed(tmp_path: Path) -> None:
    async with at_the_screen(tmp_path) as (bench, pilot):
        await press(pilot, "P")
        await pilot.app.workers.wait_for_complete()
        names = [record.name for record in bench.room.playbooks.all()]
        assert names
        assert names[0] in await press(pilot)


async def test_the_page_of_an_incident_shows_its_evidence(tmp_path: Path) -> None:
    async with at_the_screen(tmp_path) as (bench, pilot):
        await bench.until(lambda view: bool(view.incidents[0].bundle))
        await press(pilot, "enter")
        await pilot.app.workers.wait_for_complete()
        shown = await press(pilot, "4")
        assert 'raise RuntimeError("the disk is not there")' in shown
        assert "why grouped" in await press(pilot, "9")


async def test_a_playbook_is_run_and_its_question_is_answered(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "a_question.toml").write_text(ASKING)
    async with at_the_screen(tmp_path) as (bench, pilot):
        await press(pilot, "enter")
        await press(pilot, "B")
        assert "a_question" in await press(pilot, *"try", "enter")
        view = await bench.until(lambda view: any(run.state == "waiting_for_person" for run in view.runs))
        assert view.warnings
        await press(pilot, "escape")
        assert "1 question" in screen_text(pilot.app)  # type: ignore[arg-type]
        assert "Is the disk plugged in?" in await press(pilot, "P")
        await press(pilot, "y", "y")
        view = await bench.until(lambda view: view.runs[0].state == "succeeded")
        assert [(step.action, step.state) for step in view.runs[0].steps] == [("ask", "done")]
