"""The number of a command's replicas is changed while the room is open, kept where it fails, and taken back."""

from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.room.replicas import members, scaled
from grace_tui.settings import Settings, load_settings
from tests.room.actions.acting import Actor, acting
from tests.room.bench import calm, kernel_of

SLEEPER = """
[supervisor]
backoff_base = 0.01
intensity = 1

[kernels.web]
command = ["sh", "-c", "test ! -e broken && echo up && exec sleep {replica}000"]
ready = { log = "up" }
replicas = 2
stop_timeout = 1.0

[kernels.single]
command = ["sleep", "1000"]

[kernels.proxy]
command = ["sleep", "1000"]
requires = ["web"]
"""


def settings(root: Path, text: str = SLEEPER) -> Settings:
    (root / "kernels").mkdir(exist_ok=True)
    (root / "grace.toml").write_text(text)
    return load_settings(root / "grace.toml")


def replicas(actor: Actor) -> list[str]:
    return sorted(record.name for record in actor.room.kernels() if record.name.startswith("web-"))


async def test_replicas_are_added_and_taken_out_again(tmp_path: Path) -> None:
    async with acting(tmp_path, settings(tmp_path), kernel="web-1") as actor:
        await actor.running("web-1", "web-2")
        done = await actor.do("scale", to=4)
        assert done.text == "web has 4 replicas, after 2"
        assert [actor.room.supervisor.child(name).state for name in replicas(actor)] == ["running"] * 4
        assert actor.room.supervisor.record("web-4").doc.endswith("exec sleep 4000'")
        assert await actor.undo("scale", done) == "web has 2 replicas again"
        assert replicas(actor) == ["web-1", "web-2"]
        view = await actor.until(lambda view: len(view.kernels) == 4)
        assert kernel_of(view, "web-2").state == "running"


async def test_scaling_down_lets_those_who_require_the_group_start_without_the_lost(tmp_path: Path) -> None:
    async with acting(tmp_path, settings(tmp_path)) as actor:
        await actor.running("web-1", "web-2", "proxy")
        down = await actor.do("scale", kernel="web", by=-1)
        assert replicas(actor) == ["web-1"]
        assert (await actor.do("restart", kernel="proxy")).text == "proxy restarted"
        await actor.undo("scale", down, kernel="web")
        assert actor.room.supervisor.record("proxy").requires == ("web-1", "web-2")


async def test_replicas_that_do_not_start_are_taken_out_again(tmp_path: Path) -> None:
    async with acting(tmp_path, settings(tmp_path)) as actor:
        await actor.running("web-1", "web-2")
        (tmp_path / "broken").touch()
        with pytest.raises(ActionFailed, match="web-3 is "):
            await actor.do("scale", kernel="web", to=3)
        assert replicas(actor) == ["web-1", "web-2"]
        assert members(actor.room.settings, "web") == ("web-1", "web-2")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param({"kernel": "one", "to": 2}, "one cannot be scaled: it is a kernel of a file", id="file"),
        pytest.param({"kernel": "single", "to": 2}, "it is a single program; give it replicas = 2", id="single"),
        pytest.param({"kernel": "nobody", "to": 2}, "there is no kernel 'nobody'", id="nobody"),
        pytest.param({"kernel": "web"}, "scale needs one of `to` and `by`", id="neither"),
        pytest.param({"kernel": "web", "to": 9}, "web is to have 9 replicas; expected 1 to 8", id="beyond"),
        pytest.param(
            {"kernel": "web", "by": 1, "most": 2}, "web has 2 replicas; the bounds are 1 and 2", id="at-bound"
        ),
        pytest.param({"kernel": "web", "by": 1, "least": 5, "most": 2}, "least is 5, more than most", id="bounds"),
    ],
)
async def test_scaling_that_cannot_be_is_refused(tmp_path: Path, arguments: dict[str, object], problem: str) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path, settings(tmp_path)) as actor:
        await actor.running("one", "web-1", "web-2")
        with pytest.raises(ActionFailed, match=problem):
            await actor.do("scale", **arguments)
        assert replicas(actor) == ["web-1", "web-2"]


async def test_saving_the_file_keeps_the_number_until_the_file_has_another(tmp_path: Path) -> None:
    async with acting(tmp_path, settings(tmp_path)) as actor:
        await actor.running("web-1", "web-2")
        await actor.do("scale", kernel="web", to=3)
        (tmp_path / "grace.toml").write_text(SLEEPER + "# nothing new\n")
        await actor.room.rereading.look()
        assert actor.room.supervisor.child("web-3").detail == ""
        assert (await actor.do("restart", kernel="web-3")).text == "web-3 restarted"
        (tmp_path / "grace.toml").write_text(SLEEPER.replace("replicas = 2", "replicas = 4"))
        await actor.room.rereading.look()
        assert (await actor.do("wait_until", kernel="web-4")).text == "web-4 running"


async def test_open_incidents_of_a_replica_end_with_it(tmp_path: Path) -> None:
    async with acting(tmp_path, settings(tmp_path), kernel="web-2") as actor:
        await actor.running("web-1", "web-2")
        await actor.do("scale", to=1)
        record = actor.room.parts.book.get(actor.incident_of_call.id)
        assert record is not None
        assert (record.state, record.action) == ("resolved", "web-2 was taken out: web was scaled to 1 by tester")


async def test_replica_that_somebody_requires_by_name_is_not_taken_out(tmp_path: Path) -> None:
    calm(tmp_path, "one", spec="requires=('web-2',)")
    async with acting(tmp_path, settings(tmp_path)) as actor:
        await actor.running("one")
        with pytest.raises(ActionFailed, match="web cannot be scaled: one requires web-2 by name"):
            await actor.do("scale", kernel="web", to=1)
        assert replicas(actor) == ["web-1", "web-2"]


def test_scaled_settings_name_every_replica_and_come_back(tmp_path: Path) -> None:
    before = settings(tmp_path)
    after = scaled(before, "web", 3)
    assert after.kernel("proxy").overrides["requires"] == ("web-1", "web-2", "web-3")
    command = after.kernel("web-3").command
    assert command is not None
    assert command.replica == 3
    assert scaled(after, "web", 2) == before
