"""Every playbook there is: the shipped ones, and the workspace's own beside or over them by name.

A file that cannot be used takes nobody else down; where an earlier version of it was in use, that stays. Reading is
for a thread; `stamp` is cheap enough for every second.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.healing.playbooks.arguments import Known
from grace_tui.healing.playbooks.loading import load_playbook
from grace_tui.healing.playbooks.model import Playbook
from grace_tui.healing.strict import FileRefused, Lines, Problem, read_toml

SHIPPED = Path(__file__).with_name("shipped")
OWN = "playbooks"
LIMIT = 200
"""Files of one folder that are read."""

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Library:
    playbooks: Mapping[str, Playbook] = field(default_factory=dict)
    """By name, in the order of names."""
    refused: Mapping[Path, FileRefused] = field(default_factory=dict)
    """Files that cannot be used, and why."""

    def is_as(self, other: "Library | None") -> bool:
        """Whether another says the same."""
        return other is not None and (self.playbooks, self._told) == (other.playbooks, other._told)

    @property
    def _told(self) -> list[str]:
        return [str(error) for error in self.refused.values()]

    @property
    def problem(self) -> str:
        """What a person is told of files that are refused; empty where all is well."""
        first = next(iter(self.refused.values()), None)
        if first is None:
            return ""
        more = sum(len(error.problems) for error in self.refused.values()) - 1
        return str(first).splitlines()[0] + (f" (and {more} more: see `grace-tui playbook check`)" if more else "")


def stamp(folder: Path) -> Stamp:
    """Changes whenever a file of the folder does; empty where there is no folder."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".toml"):
                    status = entry.stat()
                    found.append((entry.name, status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError:  # a file that goes while it is looked at is another stamp the next second
        pass
    return tuple(sorted(found))


def read_library(shipped: Path, own: Path, known: Known, before: Library | None = None) -> Library:
    """Read every file; `before` keeps what a file that is refused now said the last time."""
    ours, bad = _folder(shipped, known)
    theirs, worse = _folder(own, known)
    refused = {**bad, **worse}
    kept = _kept(before, refused) if before else {}
    playbooks = {**ours, **kept, **theirs}
    return Library({name: playbooks[name] for name in sorted(playbooks)}, refused)


def _folder(folder: Path, known: Known) -> tuple[dict[str, Playbook], dict[Path, FileRefused]]:
    found: dict[str, Playbook] = {}
    refused: dict[Path, FileRefused] = {}
    paths = sorted(folder.glob("*.toml"))
    if len(paths) > LIMIT:
        refused[folder] = FileRefused(folder, [Problem(f"has {len(paths)} playbooks; {LIMIT} are read")])
    for path in paths[:LIMIT]:
        try:
            playbook = load_playbook(path, known)
            if (other := found.get(playbook.name)) is not None:
                where = Path(other.file).name
                problem = f'name is "{playbook.name}", as that of {where}; a playbook\'s name is its own'
                raise FileRefused(path, [Problem(problem, Lines(read_toml(path)[0]).of(("name",)), "name")])
        except FileRefused as error:
            refused[path] = error
        else:
            found[playbook.name] = playbook
    return found, refused


def _kept(before: Library, refused: Mapping[Path, FileRefused]) -> dict[str, Playbook]:
    return {name: playbook for name, playbook in before.playbooks.items() if Path(playbook.file) in refused}
