"""Actions on the life of a kernel really act, wait for what they promise, and are taken back."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from tests.room.actions.acting import acting
from tests.room.bench import calm, kernel_of, write


async def test_restart_is_done_once_the_kernel_runs_again(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        assert (await actor.do("restart", kernel="one")).text == "one restarted"
        found = kernel_of(actor.room.view(), "one")
        assert (found.state, found.restarts) == ("running", 1)


async def test_restart_of_a_kernel_that_does_not_start_tells_why(tmp_path: Path) -> None:
    write(tmp_path, "lame.py", "raise RuntimeError('out of luck')")
    async with acting(tmp_path) as actor:
        await actor.until(lambda view: kernel_of(view, "lame").state == "failed")
        with pytest.raises(ActionFailed, match=r"lame is failed.*RuntimeError: out of luck"):
            await actor.do("restart", kernel="lame")


async def test_restart_is_of_the_incidents_kernel_where_none_is_named(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path, kernel="one") as actor:
        await actor.running("one")
        assert (await actor.do("restart")).text == "one restarted"


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        pytest.param("stop", [], "stopped", id="stop"),
        pytest.param("pause", [], "paused", id="pause"),
        pytest.param("start", ["stop"], "running", id="start"),
        pytest.param("resume", ["pause"], "running", id="resume"),
        pytest.param("quarantine", [], "quarantined", id="quarantine"),
    ],
)
async def test_act_is_taken_back_from_plain_data(tmp_path: Path, act: str, before: list[str], after: str) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        for first in before:
            await actor.do(first, kernel="one")
        state = actor.room.supervisor.child("one").state
        reason: Mapping[str, object] = {"reason": "it misbehaves"} if act == "quarantine" else {}
        done = await actor.do(act, kernel="one", **reason)
        await actor.until(lambda view: kernel_of(view, "one").state == after)
        await actor.undo(act, done, kernel="one", **reason)
        await actor.until(lambda view: kernel_of(view, "one").state == state)


async def test_undo_leaves_alone_what_somebody_did_since(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        done = await actor.do("pause", kernel="one")
        await actor.do("resume", kernel="one")
        await actor.do("pause", kernel="one")
        assert await actor.undo("pause", done, kernel="one") == "nobody is held by that pause any more"
        assert kernel_of(actor.room.view(), "one").state == "paused"


async def test_act_on_a_kernel_that_is_there_already_changes_nothing(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        for act, text in (("start", "one runs already"), ("resume", "one is not paused")):
            done = await actor.do(act, kernel="one")
            assert (done.text, done.undo) == (text, None)
        await actor.do("stop", kernel="one")
        with pytest.raises(ActionFailed, match="only a running kernel can be paused"):
            await actor.do("pause", kernel="one")


async def test_waiting_until_ends_when_the_kernel_is_there_and_stays(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        assert (await actor.do("wait_until", kernel="one", state="running")).text == "one running"
        assert (await actor.do("wait_until", kernel="one", stays=0.05)).text == "one running for 0.05 s"


async def test_waiting_in_vain_tells_what_is_instead(tmp_path: Path) -> None:
    write(tmp_path, "lame.py", "raise RuntimeError('out of luck')")
    async with acting(tmp_path) as actor:
        await actor.until(lambda view: kernel_of(view, "lame").state == "failed")
        with pytest.raises(ActionFailed, match="lame is failed: RuntimeError: out of luck"):
            await actor.do("wait_until", kernel="lame", within=0.05)


@pytest.mark.parametrize(
    ("action", "arguments", "problem"),
    [
        pytest.param("fly", {}, "there is no action 'fly'", id="action"),
        pytest.param(
            "restart", {"speed": 3}, "restart has no parameter 'speed'; it has kernel, within", id="parameter"
        ),
        pytest.param("restart", {"kernel": "ome"}, "there is no kernel 'ome'; did you mean one?", id="kernel"),
        pytest.param("restart", {"within": "soon"}, "within is 'soon'; expected seconds", id="seconds"),
        pytest.param("wait_until", {"state": "happy"}, "state is 'happy'; expected one of running", id="choice"),
        pytest.param("quarantine", {"kernel": "one"}, "quarantine needs reason", id="required"),
    ],
)
async def test_call_that_cannot_be_carried_out_is_refused_with_what_would_be_right(
    tmp_path: Path, action: str, arguments: dict[str, object], problem: str
) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path, kernel="one") as actor:
        await actor.running("one")
        with pytest.raises(ActionFailed, match=problem.replace("?", r"\?")):
            await actor.do(action, **arguments)


async def test_acts_are_in_the_audit_log_with_how_they_came_out(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        await actor.do("pause", kernel="one")
        with pytest.raises(ActionFailed):
            await actor.do("quarantine", kernel="one")
        [begun] = actor.audited("action.pause")
        assert (begun["actor"], begun["resource"], begun["run"]) == ("tester", "one", "R-1")
        assert [record["result"] for record in actor.audited("action.pause.done")] == ["one paused"]
        assert "needs reason" in str(actor.audited("action.quarantine.failed")[0]["result"])
