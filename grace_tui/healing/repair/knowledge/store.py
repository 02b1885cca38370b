"""The fixes of one folder: for each strict signature the one that was proven, as a TOML file a person can read.

Read by the healer and by `heal` before they analyse anything.
"""

import platform
import re
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from grace_tui.disk import atomic_write, digest
from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature import VERSION
from grace_tui.healing.repair.knowledge.anchors import known_file
from grace_tui.healing.repair.knowledge.fix import FORMAT, KEPT_OUTCOMES, Anchor, KnownFix, Outcome, Unreadable
from grace_tui.healing.repair.knowledge.recall import is_inside
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.sources import encode
from grace_tui.kernel.errors import GraceError


class Knowledge:
    def __init__(self, folder: Path, tree: str = "") -> None:
        """`tree` is the name of what is repaired, told with what is learned."""
        self.folder, self.tree = folder, tree
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

    def named(self, wanted: str) -> KnownFix:
        """The fix of this signature, or of the only one that begins so.

        Raises:
            GraceError: there is none, or there are several.
        """
        found = [fix for fix in self.all()[0] if fix.signature.startswith(wanted)]
        exact = [fix for fix in found if fix.signature == wanted] or found
        if len(exact) != 1:
            several = f": {', '.join(fix.signature for fix in exact)}" if exact else ""
            raise GraceError(f"{'several fixes are' if several else 'nothing is'} remembered for {wanted!r}{several}")
        return exact[0]

    def chosen(self, names: Sequence[str]) -> list[KnownFix]:
        """The fixes of these names, as `named` takes them; all of them where there is no name."""
        return [self.named(name) for name in names] if names else self.all()[0]

    def learn(self, signature: str, failure: Failure, patch: Patch, where: str = "") -> KnownFix:
        """Keep a fix that was proven here; the counts of an equal one go on, those of another one start anew."""
        now = time.time()
        files = tuple(known_file(edit) for edit in patch.edits)
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
            version=FORMAT,
            evidence=patch.evidence,
            learned_in=self.tree,
            learned_on=platform.node(),
            outcomes=(Outcome(now, True, where, "learned"),),
        )
        if isinstance(old, KnownFix) and _alike(old, fix):
            fix = replace(
                fix,
                successes=old.successes + 1,
                failures=old.failures,
                learned_at=old.learned_at,
                learned_in=old.learned_in or fix.learned_in,
                learned_on=old.learned_on or fix.learned_on,
                imported_from=old.imported_from,
                imported_by=old.imported_by,
                outcomes=_kept((*old.outcomes, *fix.outcomes)),
            )
        return self._write(fix)

    def outcome(
        self, signature: str, success: bool, patch: Patch | None = None, *, where: str = "", detail: str = ""
    ) -> KnownFix | None:
        """Count how a replay went; `patch` is what was put in, where it was proven on another text than before."""

        def counted(fix: KnownFix) -> KnownFix:
            now = time.time()
            counted = replace(
                fix,
                successes=fix.successes + success,
                failures=fix.failures + (not success),
                last_used=now,
                outcomes=_kept((*fix.outcomes, Outcome(now, success, where, detail))),
            )
            if not success or patch is None:
                return counted
            files = tuple(known_file(edit) for edit in patch.edits)
            return replace(
                counted, files=files, diff=patch.diff, site=patch.site, version=FORMAT, proven_here=True, expired=""
            )

        return self._change(signature, counted)

    def expire(self, signature: str, why: str) -> KnownFix | None:
        """Note that what a fix changes is gone; an empty `why`, that it is there again."""
        found = self.find(signature)
        if not isinstance(found, KnownFix) or found.expired == why:
            return None
        return self._write(replace(found, expired=why))

    def add(self, fix: KnownFix) -> KnownFix:
        """Keep a fix as it is, in the place of one of the same signature."""
        return self._write(fix)

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

    def _change(self, signature: str, change: Callable[[KnownFix], KnownFix]) -> KnownFix | None:
        fix = self.find(signature)
        return self._write(change(fix)) if isinstance(fix, KnownFix) else None

    def _path(self, signature: str) -> Path:
        plain = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,120}", signature)
        return self.folder / f"{signature if plain else digest(signature.encode())}.toml"

    def _read(self, path: Path) -> KnownFix | Unreadable:
        try:
            fix = msgspec.convert(tomllib.loads(path.read_text("utf-8")), KnownFix)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            return Unreadable(path, f"{type(error).__name__}: {error}")
        problem = problem_of(fix)
        return Unreadable(path, problem) if problem else fix

    def _write(self, fix: KnownFix) -> KnownFix:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data: dict[str, Any] = msgspec.to_builtins(fix)
        data["confidence"] = round(fix.confidence, 4)
        last = ("diff", "site", "files", "outcomes")
        ordered = {name: value for name, value in data.items() if name not in last}
        ordered.update({name: data[name] for name in last})
        atomic_write(self._path(fix.signature), tomli_w.dumps(ordered, multiline_strings=True).encode(), mode=0o600)
        return fix


def problem_of(fix: KnownFix) -> str:
    """What makes a fix unusable wherever it comes from; empty where nothing does."""
    if fix.version > FORMAT:
        return f"it is of version {fix.version}; this Grace knows {FORMAT}"
    for file in fix.files:
        if not is_inside(file.path):
            return f"it names {file.path!r}, which is not below the root"
        if not file.anchors and digest(encode(file.text)) != file.after:
            return f"the text kept for {file.path} does not have the digest kept for it"
    return ""


def does_the_same(fix: KnownFix, patch: Patch) -> bool:
    """Whether a patch is what the fix would make, whatever the rest of the files says."""
    return _alike(fix, replace(fix, operator=patch.operator, files=tuple(known_file(edit) for edit in patch.edits)))


def _alike(old: KnownFix, new: KnownFix) -> bool:
    """Whether two fixes do the same, whatever the rest of their files says."""
    if old.operator != new.operator or [file.path for file in old.files] != [file.path for file in new.files]:
        return False
    pairs = zip(old.files, new.files, strict=True)
    return all(
        one.after == other.after or (one.anchors and [*map(_effect, one.anchors)] == [*map(_effect, other.anchors)])
        for one, other in pairs
    )


def _effect(anchor: Anchor) -> tuple[str, str, str]:
    return anchor.key, anchor.before, anchor.after


def _kept(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    return outcomes[-KEPT_OUTCOMES:]
