"""Which files of a workspace are its own, to be kept in snapshots, and their content. Read only."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FOLDERS = ("kernels", "themes", "policies", "playbooks", "scenarios", "tests/kernels")
FILES = ("grace.toml",)
FILE_LIMIT = 8 * 1024 * 1024
"""Larger files are not sources; they are skipped, and named."""


@dataclass(frozen=True, slots=True)
class Found:
    data: bytes
    mode: int


def scan(root: Path) -> tuple[dict[str, Found], tuple[str, ...]]:
    """Name -> content of every kept file, and the skipped ones with the reason.

    Symlinks are not followed: what they lead to is not the workspace's own.
    """
    found: dict[str, Found] = {}
    skipped: list[str] = []
    for path in _paths(root):
        name = path.relative_to(root).as_posix()
        try:
            status = path.stat()
            if status.st_size > FILE_LIMIT:
                skipped.append(f"{name}: {status.st_size} bytes; the limit is {FILE_LIMIT}")
                continue
            found[name] = Found(path.read_bytes(), status.st_mode & 0o777)
        except FileNotFoundError:
            continue
        except OSError as error:
            skipped.append(f"{name}: {error.strerror}")
    return found, tuple(skipped)


def is_kept(name: str) -> bool:
    """Whether a name, relative to the root, is one that `scan` could return."""
    if name in FILES:
        return True
    return ".." not in PurePosixPath(name).parts and any(name.startswith(f"{folder}/") for folder in FOLDERS)


def _paths(root: Path) -> Iterator[Path]:
    for name in FILES:
        if _is_plain(root / name):
            yield root / name
    for name in FOLDERS:
        if (root / name).resolve() != root.resolve() / name:
            continue
        for folder, folders, files in os.walk(root / name):
            folders[:] = sorted(inner for inner in folders if not _is_debris(inner))
            paths = (Path(folder, file) for file in sorted(files) if not _is_debris(file))
            yield from filter(_is_plain, paths)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_debris(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or name.endswith((".pyc", "~", ".swp"))
