"""A whole room with every kernel in a process of its own: it runs, it fails, and it is understood as in tasks."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from grace_tui.drill.seed import BROKEN, plant
from grace_tui.faces.views import RoomView
from grace_tui.settings import load_settings
from grace_tui.workspace import Workspace, make_workspace
from tests.room.bench import incident_of, kernel_of, opened


def workspace_of(root: Path, isolation: str) -> Workspace:
    """The shipped workspace, with all its kernels in one host."""
    workspace = make_workspace(root)
    names = sorted({path.stem for path in workspace.kernels.iterdir()} - {"__init__", "models", "policies"})
    tables = "".join(f'\n[kernels.{name}]\nisolation = "{isolation}"\n' for name in names)
    workspace.settings_file.write_text(workspace.settings_file.read_text() + tables)
    return workspace


def all_run(view: RoomView) -> bool:
    return len(view.kernels) == 20 and all(kernel.state == "running" for kernel in view.kernels)


@pytest.mark.slow
async def test_all_twenty_kernels_run_in_processes(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path / "room", "process")
    async with opened(workspace.root, load_settings(workspace.settings_file)) as bench:
        view = await bench.until(all_run)
        assert {kernel.isolation for kernel in view.kernels} == {"process"}
        assert not view.incidents
        pids = {kernel.vitals.pid for kernel in (await bench.until(has_vitals)).kernels if kernel.vitals}
        assert len(pids) == 20
        await bench.answer("kernel.restart", name="governance")
        await bench.until(lambda view: kernel_of(view, "governance").restarts == 1 and all_run(view))


def has_vitals(view: RoomView) -> bool:
    return all(kernel.vitals is not None and kernel.vitals.rss_bytes for kernel in view.kernels)


async def signatures(root: Path, isolation: str) -> Mapping[str, tuple[str, str, str]]:
    """What the two seed faults are understood as: kernel -> signature, phase, message."""
    workspace = workspace_of(root, isolation)
    plant(workspace.root)
    async with opened(workspace.root, load_settings(workspace.settings_file)) as bench:
        view = await bench.until(lambda view: {found.kernel for found in view.incidents} >= set(BROKEN))
        found = {kernel: incident_of(view, kernel) for kernel in BROKEN}
        return {kernel: (one.signature, one.phase, one.title) for kernel, one in found.items()}


@pytest.mark.slow
async def test_the_two_seed_faults_have_the_signatures_that_they_have_in_tasks(tmp_path: Path) -> None:
    assert await signatures(tmp_path / "process", "process") == await signatures(tmp_path / "task", "task")
