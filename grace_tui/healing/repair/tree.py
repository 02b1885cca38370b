"""The sources a repair may read and change: an allow-list over one root, and nothing outside it.

Read by diagnosis and the operators; the `paths` gate holds every patch against it.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

SKIPPED_FOLDERS = frozenset({"logs", "policies", "__pycache__", "node_modules", "site-packages", "build", "dist"})
"""Never descended into, besides hidden folders (`.grace`, `.git`, `.venv`, ...) and folders that hold a venv."""


class FileTree:
    """Every allowed Python file under `root`, read once per question; symlinks count where they lead."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Allowed files relative to the root, with forward slashes, sorted."""
        found = (path.relative_to(self.root).as_posix() for path in walk(self.root) if path.suffix == ".py")
        return tuple(sorted(found))

    def allows(self, path: str) -> bool:
        """Say whether a patch may touch `path`: a file of the list, or a new one where the list would look."""
        if path in self.files:
            return True
        target = self.root / path
        parts = Path(path).parts
        return (
            target.suffix == ".py"
            and not target.exists()
            and not Path(path).is_absolute()
            and ".." not in parts
            and not any(skipped(part) for part in parts[:-1])
            and target.resolve().is_relative_to(self.root)
        )

    def read(self, path: str) -> str:
        """Text of an allowed file, newlines as they stand.

        Raises:
            FileNotFoundError: there is no such file, or it is not in the allow-list.
        """
        if path not in self.files:
            raise FileNotFoundError(f"{path} is not among the sources under {self.root}")
        return (self.root / path).read_bytes().decode("utf-8")

    def modules(self) -> Mapping[str, str]:
        """Dotted module name -> file. A `src` folder that is no package is a root of its own."""
        flat_src = "src/__init__.py" not in self.files
        return {module_name(path, flat_src=flat_src): path for path in self.files}


def module_name(path: str, *, flat_src: bool = True) -> str:
    """`kernels/models/__init__.py` -> `kernels.models`."""
    parts = path.removesuffix(".py").split("/")
    if flat_src and parts[0] == "src" and len(parts) > 1:
        parts = parts[1:]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def skipped(folder: str, folders: frozenset[str] = SKIPPED_FOLDERS) -> bool:
    return folder.startswith((".", "venv")) or folder in folders


def walk(root: Path, folders: frozenset[str] = SKIPPED_FOLDERS) -> Iterator[Path]:
    """Every regular file under `root` outside `folders` and hidden ones; a link that leaves the root is passed over."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        for entry in sorted(folder.iterdir()):
            if entry.is_symlink() and not entry.resolve().is_relative_to(root):
                continue
            if entry.is_dir():
                if not entry.is_symlink() and not skipped(entry.name, folders) and not (entry / "pyvenv.cfg").exists():
                    waiting.append(entry)
            elif entry.is_file():
                yield entry
