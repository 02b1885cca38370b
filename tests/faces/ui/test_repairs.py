"""What a person decides about a repair on its page, and what they see of remembered fixes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from grace_tui.faces.ui.commands import Target
from grace_tui.faces.ui.screens.task import TaskScreen
from grace_tui.faces.views import RoomView
from tests.faces.ui.care import TENDED, answer
from tests.faces.ui.driving import Opened, screen_text
from tests.faces.ui.sample import LOG_TASK

DIFF = "--- a/kernels/immutable_log.py\n+++ b/kernels/immutable_log.py\n@@ -1 +1 @@\n-old\n+new\n"
TOLD = f"""policy      a person was asked by governance: needs_approval by a-person-decides

candidate 1: append() takes subsystem
  by unexpected_keyword, score 0.70
  because it is the only definition in the tree

{DIFF}"""


def told(verb: str, arguments: Mapping[str, object]) -> Mapping[str, object] | None:
    if verb == "task.show":
        return {"ok": True, "text": TOLD, "data": {"diff": DIFF}}
    return answer(verb, arguments)


def view(state: str) -> RoomView:
    return msgspec.structs.replace(TENDED, tasks=(msgspec.structs.replace(LOG_TASK, state=state),))


async def opened_at(opened: Opened, pilot: Pilot[Any]) -> str:
    opened.app.open_target(Target("task", LOG_TASK.id, LOG_TASK.kernel))
    await settle(pilot)
    assert isinstance(opened.app.screen, TaskScreen)
    return screen_text(opened.app)


async def settle(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> str:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    return screen_text(pilot.app)  # type: ignore[arg-type]


def acts(opened: Opened) -> list[tuple[str, dict[str, object]]]:
    wanted = ("approve", "reject", "edit", "retry", "undo", "forget")
    return [(verb, dict(said)) for verb, said in opened.room.asked if verb.rpartition(".")[2] in wanted]


async def test_the_page_tells_by_whose_word_and_which_candidates() -> None:
    opened = Opened(view("waiting_for_approval")).answered_by(told)
    async with opened.app.run_test(size=(120, 60)) as pilot:
        page = await opened_at(opened, pilot)
        assert "needs_approval by a-person-decides" in page
        assert "because it is the only definition in the tree" in page
        assert "a approve" in page


@pytest.mark.parametrize(
    ("state", "keys", "act"),
    [
        ("waiting_for_approval", ["a", "y"], ("task.approve", {"id": "t-0008"})),
        ("waiting_for_approval", ["x", "y"], ("task.reject", {"id": "t-0008"})),
        ("failed", ["R"], ("task.retry", {"id": "t-0008"})),
        ("learned", ["u", *"no", "enter"], ("task.undo", {"id": "t-0008", "reason": "no"})),
    ],
)
async def test_a_person_decides_with_a_key(state: str, keys: list[str], act: tuple[str, dict[str, object]]) -> None:
    opened = Opened(view(state)).answered_by(told)
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await opened_at(opened, pilot)
        await press(pilot, *keys)
        await settle(pilot)
        assert acts(opened) == [act]


@pytest.mark.parametrize(
    ("state", "key", "said"),
    [
        ("gating", "a", "it is gating; only a repair that is waiting for approval can be approved"),
        ("queued", "u", "it is queued; only a repair that is learned can be undone"),
        ("learned", "R", "it is learned; only a repair that is failed or undone can be retried"),
        ("learned", "e", "it is learned; only a repair that is waiting for approval or failed can be edited"),
    ],
)
async def test_what_a_state_does_not_allow_is_said(state: str, key: str, said: str) -> None:
    opened = Opened(view(state)).answered_by(told)
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await opened_at(opened, pilot)
        assert said in await press(pilot, key)
        assert acts(opened) == []


async def test_a_screen_that_cannot_lend_its_terminal_says_which_command_to_run() -> None:
    opened = Opened(view("waiting_for_approval")).answered_by(told)
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await opened_at(opened, pilot)
        await press(pilot, "e")
        await settle(pilot)
        assert "run: grace-tui task edit t-0008" in screen_text(opened.app)
        assert acts(opened) == []


async def test_what_was_edited_is_put_through_the_gates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened = Opened(view("failed")).answered_by(told)
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nsed -i s/new/newer/ "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await opened_at(opened, pilot)
        lend(opened)
        await press(pilot, "e")
        await settle(pilot)
        assert acts(opened) == [("task.edit", {"id": "t-0008", "diff": DIFF.replace("new", "newer")})]
        assert lent == ["suspended", "resumed"]


async def test_an_editor_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened(view("failed")).answered_by(told)
    monkeypatch.setenv("VISUAL", "false")
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await opened_at(opened, pilot)
        lend(opened)
        await press(pilot, "e")
        await settle(pilot)
        assert "false ended with exit code 1; the repair stays as it is" in screen_text(opened.app)
        assert acts(opened) == []


lent: list[str] = []


def lend(opened: Opened) -> None:
    """Make the test's driver one that lends its terminal: here a null device."""
    driver = opened.app._driver
    assert driver is not None
    lent.clear()

    class Lending(type(driver)):  # type: ignore[misc]
        terminal = "/dev/null"

        @property
        def can_suspend(self) -> bool:
            return True

        def suspend_application_mode(self) -> None:
            lent.append("suspended")

        def resume_application_mode(self) -> None:
            lent.append("resumed")

    driver.__class__ = Lending


async def test_a_fix_is_told_in_words_and_forgotten_after_a_question() -> None:
    opened = Opened(TENDED).answered_by(told)
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "K")
        await settle(pilot)
        page = screen_text(opened.app)
        assert "● ImmutableLog.append accepts" in page
        assert "when it applies" in page
        assert "◇" in page
        assert "Forget ImmutableLog.append accepts and stores subsystem?" in await press(pilot, "d")
        await press(pilot, "y")
        await settle(pilot)
        assert acts(opened) == [("knowledge.forget", {"id": "typeerror-coding_agent-3f2a9c01b7de"})]
