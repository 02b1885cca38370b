"""The sources a repair may read and change: an allow-list over one root, and nothing outside it.

Read by diagnosis and the operators; the `paths` gate holds every patch against it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from grace_tui.healing.repair.index.layout import Layout, lay_out
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.sources import decode

STATE_FOLDERS = frozenset({"logs", "policies", "build", "dist"})
"""Not sources at the top of a root, unless they hold Python files themselves and the root is no workspace."""
SKIPPED_FOLDERS = STATE_FOLDERS | {"__pycache__", "node_modules", "site-packages"}
"""Never descended into, besides hidden folders (`.grace`, `.git`, `.venv`, ...) and virtual environments."""
ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")


class FileTree:
    """Every allowed Python file under `root`; symlinks count where they lead."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Allowed files relative to the root, with forward slashes, sorted."""
        start = len(str(self.root).rstrip("/")) + 1
        return tuple(sorted(str(path)[start:] for path in walk(self.root) if path.suffix == ".py"))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.files)

    def allows(self, path: str) -> bool:
        """Say whether a patch may touch `path`: a file of the list, or a new one where the list would look."""
        if path in self._known:
            return True
        target = self.root / path
        folders = Path(path).parts[:-1]
        return (
            target.suffix == ".py"
            and not target.exists()
            and not Path(path).is_absolute()
            and ".." not in folders
            and not any(skipped(self.root.joinpath(*folders[:at], name)) for at, name in enumerate(folders))
            and not (folders and top_is_state(self.root, folders[0]))
            and target.resolve().is_relative_to(self.root)
        )

    def read(self, path: str) -> str:
        """Text of an allowed file, newlines as they stand.

        Raises:
            FileNotFoundError: there is no such file, or it is not in the allow-list.
        """
        return decode(self.read_bytes(path))

    def read_bytes(self, path: str) -> bytes:
        """Content of an allowed file. Raises as `read`."""
        if path not in self._known:
            raise FileNotFoundError(f"{path} is not among the sources under {self.root}")
        return (self.root / path).read_bytes()

    def modules(self) -> Mapping[str, str]:
        """Dotted module name -> file, by every name that the folders suggest; see `Index.modules` for surer ones."""
        return self._layout.modules

    @cached_property
    def _layout(self) -> Layout:
        return lay_out(self.files)


class EditedTree:
    """A tree as it would be with edits that are not written yet."""

    def __init__(self, tree: "FileTree | EditedTree", edits: Sequence[FileEdit]) -> None:
        self.root: Path = tree.root
        self.below = tree
        self.edited = {edit.path: edit.after for edit in edits}

    @cached_property
    def files(self) -> tuple[str, ...]:
        return tuple(sorted({*self.below.files, *(path for path in self.edited if path.endswith(".py"))}))

    def allows(self, path: str) -> bool:
        return path in self.edited or self.below.allows(path)

    def read(self, path: str) -> str:
        return self.edited[path] if path in self.edited else self.below.read(path)

    def modules(self) -> Mapping[str, str]:
        return self._layout.modules

    @cached_property
    def _layout(self) -> Layout:
        return lay_out(self.files)


def module_name(path: str, *, flat_src: bool = True) -> str:
    """`kernels/models/__init__.py` -> `kernels.models`."""
    parts = path.removesuffix(".py").split("/")
    if flat_src and parts[0] == "src" and len(parts) > 1:
        parts = parts[1:]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def skipped(folder: Path, folders: frozenset[str] = SKIPPED_FOLDERS) -> bool:
    """Say whether a folder is never a source, wherever it stands."""
    if folder.name.startswith(".") or folder.name in folders - STATE_FOLDERS:
        return True
    return any(os.path.lexists(f"{folder}/{mark}") for mark in ENVIRONMENT_MARKS)


def top_is_state(root: Path, name: str, folders: frozenset[str] = SKIPPED_FOLDERS) -> bool:
    """Say whether a folder at the top of the root holds state, results or policies, not sources."""
    if name not in STATE_FOLDERS & folders:
        return False
    return is_workspace(root) or not any((root / name).glob("*.py"))


def is_workspace(root: Path) -> bool:
    return (root / ".grace").is_dir() or (root / "grace.toml").is_file()


def walk(root: Path, folders: frozenset[str] = SKIPPED_FOLDERS) -> Iterator[Path]:
    """Every regular file under `root` outside `folders` and hidden ones; a link that leaves the root is passed over."""
    waiting = [str(root)]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except PermissionError:  # what we may not list, the program cannot import either
            continue
        for entry in entries:
            link = entry.is_symlink()
            if link and not Path(entry.path).resolve().is_relative_to(root):
                continue
            if entry.is_dir():
                state = here == str(root) and top_is_state(root, entry.name, folders)
                if not link and not state and not skipped(Path(entry.path), folders):
                    waiting.append(entry.path)
            elif entry.is_file():
                yield Path(entry.path)
