"""Commands about remembered fixes: list, show, hand out as one signed file, take such a file in, forget."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from grace_tui.disk import atomic_write
from grace_tui.healing.repair.heal.home import home_of
from grace_tui.healing.repair.knowledge import KnownFix, as_view, reader, recall, told
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spelling import plural
from grace_tui.room.commanding import Answer, Arguments, Command, answer, word

if TYPE_CHECKING:
    from grace_tui.room.core import Room


async def knowledge_list(room: "Room", arguments: Arguments, by: str) -> Answer:
    fixes, unreadable = await anyio.to_thread.run_sync(room.healer.known.all)
    damaged = [{"file": str(entry.path), "problem": entry.reason} for entry in unreadable]
    return answer("", {"knowledge": [as_view(fix) for fix in fixes], "unreadable": damaged})


async def knowledge_show(room: "Room", arguments: Arguments, by: str) -> Answer:
    """One fix in words, and whether it would apply to the files as they are."""
    wanted = word(arguments, "id")

    def look() -> tuple[KnownFix, str]:
        fix = room.healer.known.named(wanted)
        return fix, told(fix, recall(fix, reader(room.parts.workspace.root)))

    fix, text = await anyio.to_thread.run_sync(look)
    return answer(text, as_view(fix))


async def knowledge_export(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Write fixes into one file that is signed by the user whose room this is."""
    path, names = _path(arguments), _names(arguments)

    def write() -> tuple[int, str]:
        from grace_tui.healing.repair.knowledge.keys import Keys, fingerprint, public_bytes
        from grace_tui.healing.repair.knowledge.sharing import sealed

        fixes, keys = room.healer.known.chosen(names), Keys(_keys(room))
        data = sealed(fixes, keys)
        try:
            atomic_write(path, data)
        except OSError as error:
            raise GraceError(f"{path}: {error.strerror or error}") from error
        return len(fixes), fingerprint(public_bytes(keys.own()))

    count, signed_by = await anyio.to_thread.run_sync(write)
    said = f"{plural(count, 'fix', 'fixes')} written to {path}, signed by {signed_by}"
    return answer(said, {"file": str(path), "fixes": count, "fingerprint": signed_by})


async def knowledge_import(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Take in a signed file; `fingerprint` is the key that whoever asks trusts."""
    path, trusted = _path(arguments), word(arguments, "fingerprint")

    def read() -> tuple[tuple[str, str], ...]:
        from grace_tui.healing.repair.knowledge.sharing import Untrusted, opened, read_file, take_in

        parcel = opened(read_file(path))
        if parcel.fingerprint != trusted:
            raise Untrusted(parcel.fingerprint)
        return take_in(parcel, room.healer.known)

    said = await anyio.to_thread.run_sync(read)
    return answer(
        "\n".join(f"{name}: {what}" for name, what in said) or "there is no fix in it",
        {"fingerprint": trusted, "fixes": [{"signature": name, "outcome": what} for name, what in said]},
    )


async def knowledge_forget(room: "Room", arguments: Arguments, by: str) -> Answer:
    fix = await anyio.to_thread.run_sync(room.healer.known.named, word(arguments, "id"))
    room.healer.forget(fix.signature)
    return answer(f"{fix.signature} is forgotten: {fix.summary}", {"signature": fix.signature})


def _keys(room: "Room") -> Path:
    from grace_tui.healing.repair.knowledge.keys import keys_folder

    return keys_folder(home_of(room.parts.workspace.root).shared)


def _path(arguments: Arguments) -> Path:
    path = Path(word(arguments, "name"))
    if not path.is_absolute():
        raise GraceError(f"name is {str(path)!r}; expected a path from the root, since a room has no folder of yours")
    return path


def _names(arguments: Arguments) -> list[str]:
    names = arguments.get("signatures", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise GraceError(f"signatures is {names!r}; expected a list of names")
    return names


COMMANDS: Mapping[str, Command] = {
    "knowledge.list": Command(knowledge_list),
    "knowledge.show": Command(knowledge_show),
    "knowledge.export": Command(knowledge_export, acts=True),
    "knowledge.import": Command(knowledge_import, acts=True),
    "knowledge.forget": Command(knowledge_forget, acts=True),
}
