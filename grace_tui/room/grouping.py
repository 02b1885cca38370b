"""Keeps the incident book's rules of grouping those of the workspace's file, from one second to the next.

Looked at by the room's own tick rather than by the watch of files, which does not see a folder that is made later.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from grace_tui.healing.incidents.book import IncidentBook
from grace_tui.healing.incidents.signature import RULES_FILE, RuleFileError, load_rules

Stamp = tuple[int, int, int]


class Grouping:
    def __init__(
        self,
        root: Path,
        book: IncidentBook,
        warn: Callable[[str], None],
        audit: Callable[[Mapping[str, object]], object],
    ) -> None:
        self.path, self.book, self.warn, self.audit = root / RULES_FILE, book, warn, audit
        self.problem = ""
        """Why the rules of the file are not those in force; empty when they are."""
        self._seen: Stamp | None = None
        self.look()

    def look(self) -> None:
        """Read the file if it is another than the last time; one that cannot be used leaves the rules in force."""
        stamp = _stamp(self.path)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            rules = load_rules(self.path)
        except RuleFileError as error:
            self.problem = f"{error}; the rules that were read before stay in force"
            self.warn(self.problem)
            self._tell("grouping.refused", str(error))
            return
        self.problem = ""
        self.book.regroup(rules)
        self._tell("grouping.read", f"{len(rules)} in force")

    def _tell(self, action: str, result: str) -> None:
        self.audit({"actor": "room", "action": action, "resource": RULES_FILE, "result": result})


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
