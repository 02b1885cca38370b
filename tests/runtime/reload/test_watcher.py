"""What the watcher reports: the workspace's own names of changed files, and nothing that cannot matter."""

from contextlib import aclosing
from pathlib import Path

import anyio
import pytest
from watchfiles import Change

from grace_tui.runtime.reload.watcher import wanted, watch


async def first_change(root: Path, *files: str) -> set[str]:
    """Write `files` until a change is reported: when a watch begins to see is its own affair."""
    stop, seen = anyio.Event(), set[str]()

    async def save() -> None:
        while not stop.is_set():
            for file in files:
                (root / file).write_text("x")
            await anyio.sleep(0.02)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(save)
        with anyio.fail_after(10):
            async with aclosing(watch(root, ("kernels", "absent"), stop)) as changes:  # type: ignore[type-var]
                async for paths in changes:
                    seen |= set(paths)
                    stop.set()
    return seen


async def test_a_saved_file_is_named_relative_to_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "kernels" / "models").mkdir(parents=True)
    assert await first_change(tmp_path, "kernels/models/deep.py") == {"kernels/models/deep.py"}


async def test_a_workspace_behind_a_symbolic_link_keeps_its_names(tmp_path: Path) -> None:
    (tmp_path / "real" / "kernels").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    assert await first_change(tmp_path / "link", "kernels/calm.py") == {"kernels/calm.py"}


async def test_a_workspace_in_a_hidden_folder_is_seen_and_hidden_folders_in_it_are_not(tmp_path: Path) -> None:
    root = tmp_path / ".hidden"
    (root / "kernels" / ".cache").mkdir(parents=True)
    assert await first_change(root, "kernels/.cache/a.py", "kernels/calm.py") == {"kernels/calm.py"}


@pytest.mark.parametrize(
    ("name", "matters"),
    [
        ("calm.py", True),
        ("data.toml", True),
        (".calm.py", False),
        ("#calm.py#", False),
        ("calm.py~", False),
        ("calm.py.swp", False),
        ("calm.tmp", False),
        ("__pycache__/calm.cpython-311.py", False),
    ],
)
def test_temporary_files_do_not_matter(name: str, matters: bool) -> None:
    assert wanted(Change.modified, f"/room/kernels/{name}") is matters
