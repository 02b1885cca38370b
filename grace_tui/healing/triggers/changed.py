"""Kernels' files against those they last ran well with, and whether they compile. For worker threads.

The record is `.grace/triggers/healthy.json`: trigger_mesh writes it when a kernel has run well for a while, and the
room reads it before it tries any kernel.
"""

import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write, digest

FILE = "triggers/healthy.json"
"""Within the workspace's state folder."""
_IMPORTED = re.compile(rb"^[ \t]*(?:from|import)[ \t]+kernels\.(\w+)", re.MULTILINE)


class Source(msgspec.Struct, frozen=True):
    """One file as it was."""

    digest: str
    time: int
    """Of its last change, in nanoseconds; while that and the size are the same, so is the content."""
    size: int


class Healthy(msgspec.Struct, frozen=True):
    """The files that a kernel last ran well with."""

    at: float
    version: str
    files: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from a kernel's last good run."""

    kernel: str
    files: tuple[str, ...]
    since: float
    """Wall-clock time at which the files as they were last proved good."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that does not compile."""

    file: str
    line: int
    problem: str


class HealthyRecord:
    """What is known of each kernel's last good run; read once, written whole."""

    def __init__(self, state: Path) -> None:
        self.path = state / FILE
        self.kernels = _load(self.path)

    def keep(self, kernel: str, good: Healthy) -> None:
        known = self.kernels.get(kernel)
        if known is not None and known.files == good.files:
            return
        self.kernels = {**self.kernels, kernel: good}
        self._write()

    def forget_gone(self, root: Path) -> None:
        """Remember no kernel whose file is gone: that is told in one room, and not in every one that opens."""
        there = {name: good for name, good in self.kernels.items() if (root / _main_file(name, good)).is_file()}
        if len(there) < len(self.kernels):
            self.kernels = there
            self._write()

    def _write(self) -> None:
        atomic_write(self.path, msgspec.json.encode(self.kernels), mode=0o600, durable=False)

    def changes(self, root: Path) -> list[Change]:
        """Kernels, and helpers that they import, whose files differ from those of their last good run."""
        found = []
        for kernel, good in sorted(self.kernels.items()):
            now = sources(root, _main_file(kernel, good), good.files)
            paths = {*now, *good.files}
            files = tuple(sorted(path for path in paths if _digest(now.get(path)) != _digest(good.files.get(path))))
            if files:
                found.append(Change(kernel, files, good.at))
        return found


def sources(root: Path, path: str, known: Mapping[str, Source]) -> dict[str, Source]:
    """A kernel's own files: the one file, or all of its folder. Read only where time or size differ from `known`."""
    main = root / path
    parts = sorted(main.parent.rglob("*.py")) if main.name == "__init__.py" else [main]
    found = {}
    for part in parts:
        name = part.relative_to(root).as_posix()
        try:
            stat = part.stat()
            before = known.get(name)
            same = before is not None and (before.time, before.size) == (stat.st_mtime_ns, stat.st_size)
            value = before.digest if before is not None and same else digest(part.read_bytes())
        except OSError:
            continue  # gone meanwhile: it counts as missing
        found[name] = Source(value, stat.st_mtime_ns, stat.st_size)
    return found


def helpers(root: Path, kernels: Container[str]) -> dict[str, str]:
    """What lies beside the kernels and is none, for them to import: name -> its main file."""
    found = {}
    folder = root / "kernels"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        main = path / "__init__.py" if path.is_dir() else path
        if path.name.startswith((".", "_")) or path.stem in kernels or main.suffix != ".py" or not main.is_file():
            continue
        found[path.stem] = main.relative_to(root).as_posix()
    return found


def imported(root: Path, files: Iterable[str]) -> frozenset[str]:
    """Names below `kernels` that files import."""
    found: set[str] = set()
    for file in files:
        try:
            found.update(name.decode() for name in _IMPORTED.findall((root / file).read_bytes()))
        except OSError:
            continue  # gone meanwhile: what imports it fails by that
    return frozenset(found)


def broken(root: Path, files: Sequence[str]) -> list[Broken]:
    """Those of the files that do not compile. A byte order mark is legal, as it is for Python."""
    return [found for file in files if (found := _compile(root, file)) is not None]


def _compile(root: Path, file: str) -> Broken | None:
    try:
        compile((root / file).read_bytes(), file, "exec", dont_inherit=True)
    except FileNotFoundError:
        return None
    except SyntaxError as error:
        return Broken(file, error.lineno or 0, error.msg)
    except (OSError, ValueError) as error:
        return Broken(file, 0, str(error))
    return None


def _main_file(kernel: str, good: Healthy) -> str:
    folder = f"kernels/{kernel}/__init__.py"
    return folder if folder in good.files else f"kernels/{kernel}.py"


def _digest(source: Source | None) -> str:
    return "" if source is None else source.digest


def _load(path: Path) -> Mapping[str, Healthy]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Healthy])
    except FileNotFoundError:
        return {}
    except (OSError, json.JSONDecodeError, msgspec.DecodeError):
        return {}  # nothing is known to have run well, and so nothing is known to have changed
