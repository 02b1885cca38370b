"""A remembered fix as a patch of the tree as it is now: where every anchor and precondition holds, else why not."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grace_tui.disk import digest
from grace_tui.healing.repair.knowledge.anchors import Unfit, changed
from grace_tui.healing.repair.knowledge.fix import KnownFile, KnownFix
from grace_tui.healing.repair.patch import FileEdit, Patch
from grace_tui.healing.repair.sources import decode, encode

Read = Callable[[str], str | None]
"""The text of a file, relative to the root; None where there is none."""


@dataclass(frozen=True, slots=True)
class Recalled:
    patch: Patch
    exact: bool
    """Every file has the very text that the fix was proven on, on this machine: what was proven then still holds."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """The fix cannot be replayed, and why."""

    reason: str
    gone: bool = False
    """What it changes is not there any more."""


def recall(fix: KnownFix, read: Read) -> Recalled | NotNow:
    """The patch again. Reads and parses files: not on the loop."""
    edits, exact = [], fix.proven_here
    try:
        _check_provider(fix, read)
        for file in fix.files:
            now = read(file.path)
            same = ("" if now is None else digest(encode(now))) == file.before
            exact = exact and same
            edits.append(FileEdit(file.path, now, _text_after(file, now, same=same)))
    except Unfit as unfit:
        return NotNow(unfit.reason, unfit.gone)
    patch = Patch(fix.operator, fix.site, fix.summary, tuple(edits), evidence=("it was proven before",))
    return Recalled(patch, exact)


def reader(root: Path) -> Read:
    """The files of a tree; what lies outside of it does not exist."""
    home = root.resolve()

    def read(path: str) -> str | None:
        file = home / path
        if not file.resolve().is_relative_to(home) or not file.is_file():
            return None
        return decode(file.read_bytes())

    return read


def is_inside(path: str) -> bool:
    """Whether a path can only name a file below the root."""
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts and "\\" not in path and "\0" not in path


def _text_after(file: KnownFile, now: str | None, *, same: bool) -> str:
    if now is not None and digest(encode(now)) == file.after:
        raise Unfit(f"{file.path} holds the known fix already")
    if not file.anchors:
        if not same:
            raise _other_text(file, now)
        return file.text
    if now is None:
        raise Unfit(f"there is no {file.path} any more", gone=True)
    return changed(file, now)


def _other_text(file: KnownFile, now: str | None) -> Unfit:
    if not file.before:
        return Unfit(f"{file.path}, which the fix makes, is there already and says something else")
    if now is None:
        return Unfit(f"there is no {file.path} any more", gone=True)
    return Unfit(f"{file.path} is no longer the text that the fix was proven on")


def _check_provider(fix: KnownFix, read: Read) -> None:
    provider = fix.site.provider
    if provider and provider not in {file.path for file in fix.files} and read(provider) is None:
        raise Unfit(f"there is no {provider} any more", gone=True)
