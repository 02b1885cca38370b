"""Commands about the evidence of incidents: which files there are, and what one of them says."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from msgspec import structs

from grace_tui.healing.incidents.evidence.bundle import Entry, read_index
from grace_tui.healing.incidents.states import UnknownIncident
from grace_tui.kernel.errors import GraceError
from grace_tui.room.commanding import Answer, Arguments, Command, answer, word

if TYPE_CHECKING:
    from grace_tui.room.core import Room

READ_LIMIT = 512 * 1024
"""Bytes of one file that are told; bundles are capped below it, unless somebody added to one."""
ANSWER_LIMIT = 960 * 1024
"""Bytes of its JSON: a frame to a client holds no more than a megabyte."""


async def incident_evidence(room: "Room", arguments: Arguments, by: str) -> Answer:
    """The files of an incident's newest bundle; with a `file`, what it says."""
    incident_id = word(arguments, "id")
    record = room.parts.book.get(incident_id)
    if record is None:
        raise UnknownIncident(incident_id)
    if not record.bundle:
        raise GraceError(f"{incident_id} has no evidence; its timeline says why, once it is known")
    folder = room.parts.workspace.root / record.bundle
    files = await anyio.to_thread.run_sync(_files, folder)
    if not arguments.get("file"):
        listed = await anyio.to_thread.run_sync(_listed, folder, files)
        text = "\n".join(map(_line, listed))
        return answer(text or f"{record.bundle} is empty", {"bundle": record.bundle, "files": listed})
    name = word(arguments, "file")
    if name not in files:
        raise GraceError(f"there is no {name!r} in {record.bundle}; there are {', '.join(files) or 'no files'}")
    text = await anyio.to_thread.run_sync(functools.partial(_read, folder / name))
    return answer(text, {"file": name})


def _files(folder: Path) -> dict[str, int]:
    """Name -> bytes; what is no plain file of the folder itself is not told."""
    try:
        found = sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
        return {path.name: path.stat().st_size for path in found}
    except FileNotFoundError:
        raise GraceError(f"{folder} is gone: its evidence was deleted") from None


def _listed(folder: Path, files: Mapping[str, int]) -> list[Entry]:
    """What the bundle's index tells of its parts, and what else there is; sizes are those on disk."""
    index = read_index(folder)
    told = {part.name: part for part in index.parts} if index else {}
    there = [
        structs.replace(told.get(name, Entry(name, "")), bytes=size, follows=False) for name, size in files.items()
    ]
    return [*there, *(part for name, part in told.items() if name not in files)]


def _line(file: Entry) -> str:
    size = "missing" if file.missing else "to come" if file.follows else f"{file.bytes}"
    return f"{size:>9}  {file.name:<18}  {file.missing or file.says}".rstrip()


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(READ_LIMIT + 1)
    text = data[:READ_LIMIT].decode("utf-8", "replace")
    more = len(data) > READ_LIMIT
    while len(json.dumps(text)) > ANSWER_LIMIT:  # control characters take six times their room on the way
        text, more = text[: len(text) // 2], True
    return text + "\n… the rest was left out\n" * more


COMMANDS: Mapping[str, Command] = {"incident.evidence": Command(incident_evidence)}
