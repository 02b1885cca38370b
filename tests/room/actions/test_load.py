"""Load is shed from the outer tiers inwards, never from what must run, and exactly that is taken back."""

from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.kernel.records import KernelRecord
from grace_tui.kernel.testing import sample_kernel
from grace_tui.room.actions.load import to_shed, weigh
from tests.room.actions.acting import Actor, acting
from tests.room.bench import calm, kernel_of

TIERS = {"core": "critical=True, tier=3", "base": "tier=0", "near": "tier=1", "far": "tier=2", "edge": "tier=3"}


def states(actor: Actor) -> dict[str, str]:
    return {record.name: record.state for record in actor.room.kernels()}


async def test_outer_tiers_are_paused_and_the_very_same_resumed(tmp_path: Path) -> None:
    for name, spec in TIERS.items():
        calm(tmp_path, name, spec=spec)
    async with acting(tmp_path) as actor:
        await actor.running(*TIERS)
        done = await actor.do("shed_load", tier=2)
        assert done.text == "paused edge (tier 3), far (tier 2)"
        view = await actor.until(lambda view: kernel_of(view, "far").state == "paused")
        assert kernel_of(view, "far").detail.startswith("paused to shed load by tester for I")
        assert {name for name, state in states(actor).items() if state == "running"} == {"core", "base", "near"}
        assert await actor.undo("shed_load", done) == "resumed far, edge"
        assert set(states(actor).values()) == {"running"}


async def test_restoring_leaves_alone_whom_somebody_touched_since(tmp_path: Path) -> None:
    for name, spec in TIERS.items():
        calm(tmp_path, name, spec=spec)
    async with acting(tmp_path) as actor:
        await actor.running(*TIERS)
        await actor.do("shed_load", tier=1)
        await actor.do("resume", kernel="far")
        await actor.do("pause", kernel="far")
        await actor.do("stop", kernel="near")
        assert (await actor.do("restore_load")).text == "resumed edge"
        assert states(actor) == {
            "core": "running",
            "base": "running",
            "near": "stopped",
            "far": "paused",
            "edge": "running",
        }
        assert (await actor.do("restore_load")).text == "nobody is held by it any more"


async def test_nobody_is_paused_in_a_room_that_is_opened_anew(tmp_path: Path) -> None:
    calm(tmp_path, "edge", spec="tier=3")
    async with acting(tmp_path) as actor:
        await actor.running("edge")
        done = await actor.do("shed_load")
    async with acting(tmp_path) as actor:
        await actor.running("edge")
        assert await actor.undo("shed_load", done) == "nobody is held by it any more"
        assert states(actor) == {"edge": "running"}


async def test_shedding_where_nobody_may_be_paused_is_refused(tmp_path: Path) -> None:
    calm(tmp_path, "core", spec="critical=True, tier=3")
    async with acting(tmp_path) as actor:
        await actor.running("core")
        with pytest.raises(ActionFailed, match="no running kernel of tier 1 or more"):
            await actor.do("shed_load", tier=1)
        with pytest.raises(ActionFailed, match="tier is 0; expected a whole number from 1 to 3"):
            await actor.do("shed_load", tier=0)


async def test_kernel_that_sheds_is_not_paused_by_itself(tmp_path: Path) -> None:
    calm(tmp_path, "tester", spec="tier=3")
    async with acting(tmp_path) as actor:
        await actor.running("tester")
        with pytest.raises(ActionFailed, match="it cannot pause itself"):
            await actor.do("shed_load")
        assert states(actor) == {"tester": "running"}


def up(name: str, tier: int, **more: Any) -> KernelRecord:
    return sample_kernel(name, tier=tier, **more)


def test_what_an_inner_kernel_requires_weighs_as_much_as_that() -> None:
    records = [
        up("store", 3, needed_by=("index",)),
        up("index", 3, requires=("store",), needed_by=("core",)),
        up("core", 0, requires=("index",)),
        up("loose", 3),
    ]
    assert weigh(records) == {"store": 0, "index": 0, "core": 0, "loose": 3}
    assert [record.name for record in to_shed(records, 1)] == ["loose"]


def test_what_a_stopped_kernel_requires_may_be_paused() -> None:
    records = [up("store", 3, needed_by=("core",)), up("core", 0, requires=("store",), state="stopped")]
    assert [record.name for record in to_shed(records, 3)] == ["store"]


def test_whoever_requires_a_kernel_is_paused_before_it() -> None:
    records = [up("a", 3, needed_by=("b",), priority=90), up("b", 3, requires=("a",), priority=1), up("c", 2)]
    assert [record.name for record in to_shed(records, 1)] == ["b", "a", "c"]
