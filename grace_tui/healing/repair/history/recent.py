"""Answers the questions of `History` from a list of changes; what makes the list is the subclass's."""

import re
from collections.abc import Iterator, Sequence

from grace_tui.healing.repair.history.history import Change, Changed, Place, Version
from grace_tui.healing.repair.index.outline import outline_of, parse


class Recent:
    """Subclasses give `changes`, newest first, and may know more of one file (`older`) or of one name (`naming`)."""

    @property
    def changes(self) -> Sequence[Change]:
        raise NotImplementedError

    def older(self, path: str, known: int) -> Iterator[Version]:
        """Versions of a file before those of `changes`, of which `known` were found."""
        yield from ()

    def naming(self, last: str) -> Sequence[Change]:
        """Changes before `changes` that touch lines which define a name."""
        return ()

    def prefetch(self, versions: Sequence[Version]) -> None:
        """Read many texts at once, where that is faster."""

    def versions(self, path: str) -> Iterator[Version]:
        at, known = path, 0
        for change in self.changes:
            changed = _concerning(change, at)
            if changed is not None and changed.before is not None:
                known += 1
                yield changed.before
                at = changed.before.path
        yield from self.older(at, known)

    def text_before(self, path: str) -> str | None:
        version = next(self.versions(path), None)
        return None if version is None else version.text

    def last_good(self, path: str) -> Version | None:
        return next((version for version in self.versions(path) if version.parses), None)

    def defined(self, name: str) -> Sequence[Place]:
        last = name.rpartition(".")[2]
        for changes in (self.changes, self.naming(last)):
            if found := _defined(self, changes, name, last):
                return found
        return ()

    def moved(self, path: str) -> tuple[str, ...]:
        at, went = path, [path]
        for change in reversed(self.changes):
            at = next((changed.path for changed in change.files if changed.moved and changed.old_path == at), at)
            went.append(at)
        came = (version.path for version in self.versions(path))
        return tuple(dict.fromkeys(entry for entry in (*reversed(went), *came) if entry != path))

    def deleted(self) -> Sequence[Version]:
        gone: dict[str, Version] = {}
        made: set[str] = set()
        for change in self.changes:
            for changed in change.files:
                if changed.before is not None and changed.path != changed.old_path and changed.old_path not in made:
                    gone.setdefault(changed.old_path, changed.before)
            made.update(changed.path for changed in change.files if changed.path)
        return tuple(gone.values())


def _concerning(change: Change, path: str) -> Changed | None:
    """What a change did to the file at `path`, or to the one that was there before it."""
    here = [changed for changed in change.files if changed.path == path and changed.before is not None]
    gone = [changed for changed in change.files if changed.old_path == path and changed.path != path]
    return next(iter([*here, *gone]), None)


def _defined(history: Recent, changes: Sequence[Change], name: str, last: str) -> list[Place]:
    says = re.compile(rf"\b(?:def|class)\s+{re.escape(last)}\b|^[ \t]*{re.escape(last)}\s*[:=]", re.MULTILINE).search
    for change in changes:
        befores = [changed for changed in change.files if changed.before and changed.before.path.endswith(".py")]
        versions = [version for changed in befores for version in (changed.before, changed.after) if version]
        history.prefetch(versions)
        places = []
        for changed in befores:
            before, after = changed.before, changed.after
            if before is None or not says(before.text):
                continue
            still = names_of(after.text) if after is not None else frozenset()
            places += [
                Place(before.path, found, before)
                for found in sorted(names_of(before.text) - still)
                if found == name or found.endswith(f".{name}")
            ]
        if places:
            return places
    return []


def names_of(text: str) -> frozenset[str]:
    """Qualified names that a file defines: functions, classes, attributes of classes, and what the module binds."""
    module = parse(text)
    if isinstance(module, str):
        return frozenset()
    taken = outline_of(module)
    attributes = (f"{owner}.{name}" for owner, name, _ in taken.attributes)
    return frozenset(
        {*(entry.qualname for entry in taken.definitions), *(name for name, _ in taken.names), *attributes}
    )
