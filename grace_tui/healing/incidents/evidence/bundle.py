"""One bundle on disk: written beside its place and renamed, so that it is whole or absent; parts may follow singly.

Called in the evidence's threads. What a crash left half written, or half deleted, has a name that ends in `.part` and
is swept away at the next opening.
"""

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write
from grace_tui.healing.incidents.codec import encode
from grace_tui.kernel.errors import GraceError

FILE_LIMIT = 256 * 1024
BUNDLE_LIMIT = 1024 * 1024
"""Bytes of all files of one bundle; what comes last gives way."""
AGAIN_KEPT = 3
"""Bundles of one incident that are kept besides its first: those of its latest returns."""
LEAST = 60
"""Bytes that the words about a cut take."""
INDEX = "index.json"
PART = ".part"


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a bundle, before it is written."""

    name: str
    says: str
    """What it holds, in a few words."""
    text: str = ""
    missing: str = ""
    """Why it is not there."""
    follows: bool = False
    """It is written later, when the bundle is whole already."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part as the index tells it."""

    name: str
    says: str
    bytes: int = 0
    cut: int = 0
    """Bytes that were left out."""
    missing: str = ""
    follows: bool = False
    """It was to be written after the bundle, and is not there yet."""


class Index(msgspec.Struct, frozen=True):
    incident: str
    at: float
    """Wall-clock time at which the bundle was whole."""
    parts: tuple[Entry, ...]

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


class CannotWrite(GraceError):
    """A folder of bundles cannot be written."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"{folder} cannot be written: {error.strerror or error}")
        self.folder = folder


class Bundles:
    """The folder of all bundles; one thread at a time writes in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, incident_id: str, parts: tuple[Part, ...]) -> Path:
        """Write a bundle and return its folder.

        Raises:
            CannotWrite: the disk refused; nothing of the bundle is left.
        """
        half = self.folder / f".{incident_id}{PART}"
        try:
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True, mode=0o700)
            entries = _write_all(half, parts)
            _write_index(half, Index(incident_id, time.time(), entries))
            folder = self._free_folder(incident_id)
            half.rename(folder)
        except OSError as error:
            shutil.rmtree(half, ignore_errors=True)
            raise CannotWrite(self.folder, error) from error
        return folder

    def add(self, folder: Path, part: Part) -> None:
        """Put a part into a bundle that is whole, and tell it in its index; one that is gone stays gone.

        Raises:
            CannotWrite: the disk refused; the index is as it was.
        """
        index = read_index(folder)
        if index is None:
            return
        others = tuple(entry for entry in index.parts if entry.name != part.name)
        data, entry = _entry(part, BUNDLE_LIMIT - sum(entry.bytes for entry in others))
        places = [entry.name for entry in index.parts]
        at = places.index(part.name) if part.name in places else len(others)
        try:
            if not entry.missing:
                atomic_write(folder / part.name, data, mode=0o600, durable=False)
            changed = msgspec.structs.replace(index, parts=(*others[:at], entry, *others[at:]))
            atomic_write(folder / INDEX, _as_json(changed), mode=0o600, durable=False)
        except FileNotFoundError:  # it was deleted at this moment
            return
        except OSError as error:
            raise CannotWrite(folder, error) from error

    def remove(self, incident_id: str) -> None:
        """Delete every bundle of an incident; one that is half deleted does not look whole."""
        folder = self.folder / incident_id
        half = self.folder / f".{incident_id}.gone{PART}"
        try:
            folder.rename(half)
        except FileNotFoundError:
            return
        except OSError as error:
            raise CannotWrite(self.folder, error) from error
        shutil.rmtree(half, ignore_errors=True)

    def sweep(self) -> None:
        """Delete what a crash left half done."""
        for path in self.folder.glob(f".*{PART}"):
            shutil.rmtree(path, ignore_errors=True)

    def sizes(self) -> Mapping[str, tuple[int, float]]:
        """Incident -> bytes of all its files, and the time at which its folder last changed."""
        found = {}
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            if folder.is_dir() and not folder.name.startswith("."):
                found[folder.name] = (_bytes_in(folder), folder.stat().st_mtime)
        return found

    def try_disk(self) -> None:
        """
        Raises:
            CannotWrite: a bundle could not be written now.
        """
        probe = self.folder / f".probe{PART}"
        try:
            probe.mkdir(parents=True, exist_ok=True)
            (probe / "bytes").write_bytes(bytes(FILE_LIMIT // 4))
        except OSError as error:
            raise CannotWrite(self.folder, error) from error
        finally:
            shutil.rmtree(probe, ignore_errors=True)

    def _free_folder(self, incident_id: str) -> Path:
        """The incident's folder; below it one for every time that it came back, the oldest of which give way."""
        first = self.folder / incident_id
        if not first.exists():
            return first
        numbers = sorted(int(path.name[6:]) for path in first.glob("again-*") if path.name[6:].isdecimal())
        for number in numbers[: max(len(numbers) - AGAIN_KEPT + 1, 0)]:
            shutil.rmtree(first / f"again-{number}", ignore_errors=True)
        return first / f"again-{max(numbers, default=1) + 1}"


def read_index(folder: Path) -> Index | None:
    """What a bundle says it holds; None where it does not say so."""
    try:
        return msgspec.json.decode((folder / INDEX).read_bytes(), type=Index)
    except (OSError, msgspec.DecodeError):
        return None


def _write_all(folder: Path, parts: tuple[Part, ...]) -> tuple[Entry, ...]:
    entries = []
    left = BUNDLE_LIMIT
    for part in parts:
        data, entry = _entry(part, left)
        left -= entry.bytes
        entries.append(entry)
        if not entry.missing and not entry.follows:
            _create(folder / part.name, data)
    return tuple(entries)


def _write_index(folder: Path, index: Index) -> None:
    _create(folder / INDEX, _as_json(index))


def _entry(part: Part, left: int) -> tuple[bytes, Entry]:
    if part.missing or part.follows:
        return b"", Entry(part.name, part.says, missing=part.missing, follows=part.follows)
    data = part.text.encode("utf-8", "backslashreplace")
    limit = min(FILE_LIMIT, left)
    more = len(data) - limit
    if more <= 0:
        return data, Entry(part.name, part.says, len(data))
    if limit < LEAST or part.name.endswith(".json"):  # half a JSON file is none
        return b"", Entry(part.name, part.says, missing=f"it has {len(data)} bytes, which is more than is kept")
    # Room for the words that say so; a character that was cut in two is left out.
    kept = data[: limit - LEAST].decode("utf-8", "ignore").encode()
    more = len(data) - len(kept)
    data = kept + f"\n… {more} more bytes were left out\n".encode()
    return data, Entry(part.name, part.says, len(data), cut=more)


def _create(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _as_json(value: object) -> bytes:
    return msgspec.json.format(encode(value), indent=2) + b"\n"


def _bytes_in(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:  # just replaced
                continue
    return total
