"""Files that cannot be read as Python at all."""

import re
from collections.abc import Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose.common import NOT_MINE
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

UNREADABLE_SOURCE = "unreadable_source"

_ANY = re.compile("")
_NULL = re.compile(r"^source code (?:string )?cannot contain null bytes")

WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    UNREADABLE_SOURCE: {"SyntaxError": _ANY, "IndentationError": _ANY, "TabError": _ANY, "ValueError": _NULL}
}


def unreadable_source(failure: Failure, scene: Scene) -> Site | Refused:
    """A SyntaxError of a file of the tree. The file is the provider: who imports it stays as it is."""
    pattern = WORDS[UNREADABLE_SOURCE].get(failure.kind)
    if pattern is None or not pattern.match(failure.message):
        return NOT_MINE
    inside = [frame for frame in failure.frames if frame.in_project]
    if not inside or not failure.frames[-1].in_project:
        return Refused(UNREADABLE_SOURCE, "the file that cannot be read is not among the sources")
    path = inside[-1].file
    consumers = tuple(each for each in failure.consumers if each != path)
    return Site(UNREADABLE_SOURCE, path, f"line {inside[-1].line}", failure.message, "", consumers)


RECOGNISERS: Mapping[str, Diagnose] = {UNREADABLE_SOURCE: unreadable_source}
