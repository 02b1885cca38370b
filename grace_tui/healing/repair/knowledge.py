"""What the room has learned: for each strict signature the fix that was proven, as a TOML file a person can read.

Read by the healer before it analyses anything. A fix is replayed only onto the very text it was proven on.
"""

import re
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from grace_tui.disk import atomic_write, digest, file_digest
from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature import VERSION
from grace_tui.healing.repair.apply import digests_of
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site

TRUSTED = 0.5
"""A fix is replayed while its confidence is above this; one failure after one success is not enough."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    path: str
    before: str
    """Digest of the text it applies to; empty for a file it makes."""
    after: str
    text: str
    """The whole text afterwards."""


@dataclass(frozen=True, slots=True)
class KnownFix:
    signature: str
    kernel: str
    kind: str
    message: str
    summary: str
    operator: str
    successes: int
    failures: int
    learned_at: float
    last_used: float
    site: Site
    diff: str
    files: tuple[KnownFile, ...]
    signed: str = ""
    """Version of the signature that it was learned under."""

    @property
    def confidence(self) -> float:
        """Mean of the Beta posterior after these outcomes, from an even prior."""
        return (1 + self.successes) / (2 + self.successes + self.failures)

    @property
    def trusted(self) -> bool:
        return self.confidence > TRUSTED


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of knowledge that could not be used, and why."""

    path: Path
    reason: str


class Knowledge:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read_at = -1
        self._all: tuple[list[KnownFix], list[Unreadable]] = ([], [])

    def find(self, signature: str) -> KnownFix | Unreadable | None:
        path = self._path(signature)
        return self._read(path) if path.is_file() else None

    def all(self) -> tuple[list[KnownFix], list[Unreadable]]:
        """Every fix that can be read, newest use first, and every file that cannot.

        Asked many times a second by the screens: read again only after a file was replaced, added or removed.
        """
        changed = self.folder.stat().st_mtime_ns if self.folder.is_dir() else 0
        if changed == self._read_at:
            return self._all
        found = [self._read(path) for path in sorted(self.folder.glob("*.toml"))]
        fixes = [entry for entry in found if isinstance(entry, KnownFix)]
        fixes.sort(key=lambda fix: -fix.last_used)
        self._read_at, self._all = changed, (fixes, [entry for entry in found if isinstance(entry, Unreadable)])
        return self._all

    def learn(self, signature: str, failure: Failure, patch: Patch) -> KnownFix:
        """Keep a fix that was proven here; the counts of an equal one go on, those of another one start anew."""
        now = time.time()
        digests = digests_of(patch.edits)
        files = tuple(KnownFile(edit.path, *digests[edit.path], edit.after) for edit in patch.edits)
        old = self.find(signature)
        fix = KnownFix(
            signature=signature,
            kernel=failure.kernel,
            kind=failure.kind,
            message=failure.message,
            summary=patch.summary,
            operator=patch.operator,
            successes=1,
            failures=0,
            learned_at=now,
            last_used=now,
            site=patch.site,
            diff=patch.diff,
            files=files,
            signed=VERSION,
        )
        if isinstance(old, KnownFix) and old.files == files:
            fix = replace(fix, successes=old.successes + 1, failures=old.failures, learned_at=old.learned_at)
        return self._write(fix)

    def outcome(self, signature: str, success: bool) -> KnownFix | None:
        """Count how a replay went."""
        fix = self.find(signature)
        if not isinstance(fix, KnownFix):
            return None
        counted = replace(
            fix,
            successes=fix.successes + success,
            failures=fix.failures + (not success),
            last_used=time.time(),
        )
        return self._write(counted)

    def resign(self, fix: KnownFix, signature: str) -> None:
        """Keep a fix by another signature from now on; one that is known by it already stays."""
        if signature == fix.signature or self.find(signature) is None:
            self._write(replace(fix, signature=signature, signed=VERSION))
        if signature != fix.signature:
            self.forget(fix.signature)

    def forget(self, signature: str) -> bool:
        path = self._path(signature)
        known = path.is_file()
        path.unlink(missing_ok=True)
        return known

    def put_aside(self, damaged: Unreadable) -> Path:
        """Rename a file that cannot be read, so that a person can look at it and a new one can be learned."""
        number = 1
        while (aside := damaged.path.with_name(f"{damaged.path.name}.corrupt-{number}")).exists():
            number += 1
        damaged.path.rename(aside)
        return aside

    def _path(self, signature: str) -> Path:
        plain = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,120}", signature)
        return self.folder / f"{signature if plain else digest(signature.encode())}.toml"

    def _read(self, path: Path) -> KnownFix | Unreadable:
        try:
            data = tomllib.loads(path.read_text("utf-8"))
            fix = msgspec.convert(data, KnownFix)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            return Unreadable(path, f"{type(error).__name__}: {error}")
        for file in fix.files:
            if digest(file.text.encode()) != file.after:
                return Unreadable(path, f"the text kept for {file.path} does not have the digest kept for it")
        return fix

    def _write(self, fix: KnownFix) -> KnownFix:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data: dict[str, Any] = msgspec.to_builtins(fix)
        data["confidence"] = round(fix.confidence, 4)
        ordered = {name: value for name, value in data.items() if name not in ("site", "diff", "files")}
        ordered.update({name: data[name] for name in ("diff", "site", "files")})
        atomic_write(self._path(fix.signature), tomli_w.dumps(ordered, multiline_strings=True).encode(), mode=0o600)
        return fix


def replayed(fix: KnownFix, root: Path) -> Patch | Refused:
    """The exact patch again, where every file still has the text that the fix was proven on."""
    edits = []
    for file in fix.files:
        target = root / file.path
        found = file_digest(target)
        if found == file.after:
            return Refused(fix.operator, f"{file.path} holds the known fix already")
        if found != file.before:
            return Refused(fix.operator, f"{file.path} is no longer the text that the fix was proven on")
        before = target.read_bytes().decode("utf-8") if file.before else None
        edits.append(FileEdit(file.path, before, file.text))
    return Patch(fix.operator, fix.site, fix.summary, tuple(edits))


def as_view(fix: KnownFix) -> Mapping[str, object]:
    """Plain data for kernels and faces; without the texts."""
    return {
        "signature": fix.signature,
        "kernel": fix.kernel,
        "kind": fix.kind,
        "message": fix.message,
        "summary": fix.summary,
        "operator": fix.operator,
        "provider": fix.site.provider,
        "files": [file.path for file in fix.files],
        "successes": fix.successes,
        "failures": fix.failures,
        "confidence": round(fix.confidence, 4),
        "learned_at": fix.learned_at,
        "last_used": fix.last_used,
        "trusted": fix.trusted,
        "diff": fix.diff,
    }
