"""Workspaces that are gone after their measurement: the shipped one, and one of kernels written for it."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from grace_tui.workspace import Workspace, make_workspace


@contextmanager
def shipped_workspace() -> Iterator[Workspace]:
    with _folder() as folder:
        yield make_workspace(folder / "room")


@contextmanager
def workspace_of(kernels: Mapping[str, str]) -> Iterator[Workspace]:
    """A workspace of `kernels`: name -> source."""
    with _folder() as folder:
        (folder / "kernels").mkdir()
        for name, source in kernels.items():
            (folder / "kernels" / f"{name}.py").write_text(source, encoding="utf-8")
        yield Workspace(folder)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="grace-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
