"""Settings and secrets: what changed unseen is told, what was seen, accepted or committed is not."""

import subprocess
from pathlib import Path
from typing import Any

import anyio
import pytest

from grace_tui.kernel import FilesChanged
from grace_tui.kernel.testing import Bench, ManualClock, RealClock, running
from kernels.trigger_mesh import TriggerMesh

pytestmark = pytest.mark.anyio


def settings(root: Path, text: str) -> None:
    (root / "grace.toml").write_text(text)


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


async def seen(bench: Bench, *paths: str) -> None:
    """The room tells of changed files, and the mesh has heard it."""
    bench.bus.publish("files.changed", FilesChanged(paths), source="room")
    with anyio.fail_after(5):
        while any(box.waiting for box in bench.bus.boxes):
            await RealClock().sleep(0.002)


async def test_settings_changed_unseen_are_drift_and_seen_are_not(tmp_path: Path, check: Any) -> None:
    settings(tmp_path, "[room]\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "config_drift")).value == 0
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "own.cedar").write_text("permit (principal, action, resource);")
        found = await check(bench, "config_drift")
        assert (found.value, found.detail, found.firing) == (1, "policies/own.cedar", ())
        await seen(bench, "policies/own.cedar")
        with anyio.fail_after(5):
            while (await check(bench, "config_drift")).value:
                await RealClock().sleep(0.002)
        settings(tmp_path, "[room]\nname = 'x'\n")
        found = await check(bench, "config_drift", 2)
        assert (found.detail, found.firing) == ("grace.toml", ("",))
        assert bench.incidents.all()[0].facts["files"] == ["grace.toml"]


async def test_settings_changed_while_the_room_was_closed_are_drift_until_they_are_accepted(
    tmp_path: Path, check: Any
) -> None:
    settings(tmp_path, "[room]\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        await check(bench, "config_drift")
    settings(tmp_path, "[room]\nname = 'x'\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "config_drift", 2)).firing == ("",)
        assert await bench.get(TriggerMesh).accept("config_drift") == "1 file as they are now"
        (incident,) = bench.incidents.all()
        assert (incident.kind, incident.state) == ("ConfigDrift", "resolved")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "config_drift", 2)).firing == ()


async def test_what_git_has_as_committed_is_no_drift(tmp_path: Path, check: Any) -> None:
    git(tmp_path, "init", "-q")
    settings(tmp_path, "[room]\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        settings(tmp_path, "[room]\nname = 'x'\n")
        assert (await check(bench, "config_drift")).value == 1
        git(tmp_path, "add", "grace.toml")
        git(tmp_path, "commit", "-qm", "x")
        assert (await check(bench, "config_drift")).value == 0
        settings(tmp_path, "[room]\nname = 'y'\n")
        assert (await check(bench, "config_drift")).value == 1


def store(root: Path) -> Path:
    folder = root / ".grace" / "secrets"
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in ("key", "store.json"):
        (folder / name).write_text(name)
        (folder / name).chmod(0o600)
    return folder


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("store.json", "write", "secrets/store.json (changed)"),
        ("key", "write", "secrets/key (changed)"),
        ("key", "remove", "secrets/key (gone)"),
        ("store.json", "open", "store.json (mode 644)"),
    ],
)
async def test_a_secret_that_somebody_touched_is_told(
    tmp_path: Path, check: Any, name: str, change: str, told: str
) -> None:
    file = store(tmp_path) / name
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "secret_drift", 2)).value == 0
        if change == "write":
            file.write_text("other")
        elif change == "remove":
            file.unlink()
        else:
            file.chmod(0o644)
        found = await check(bench, "secret_drift", 2)
        assert (found.detail, found.firing, found.severity) == (told, ("",), "critical")
        assert [(one.kernel, one.route) for one in bench.incidents.all()] == [("secret_manager", "person")]


async def test_a_store_that_its_kernel_changed_is_no_drift(tmp_path: Path, check: Any) -> None:
    file, clock = store(tmp_path) / "store.json", ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        clock.now += 1
        bench.audit.append({"actor": "me", "action": "secret.put", "resource": "x"})
        file.write_text("other")
        assert (await check(bench, "secret_drift", 2)).value == 0
        clock.now += 1
        file.write_text("behind its back")
        assert (await check(bench, "secret_drift", 2)).firing == ("",)
        await bench.get(TriggerMesh).accept("secret_drift")
        assert (await check(bench, "secret_drift")).firing == ()


async def test_a_workspace_without_secrets_is_quiet(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "secret_drift", 2)).value == 0
        store(tmp_path)
        assert (await check(bench, "secret_drift", 2)).value == 0
