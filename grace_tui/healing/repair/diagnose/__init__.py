"""From a failure to the broken interface: which definition refused, in which file, and what it was asked for.

Pure: reads the tree and changes nothing, and loads no libcst. Called first by every repair. One file a family
of failures; each tells its words (WORDS) and its recognisers (RECOGNISERS).
"""

import re
from collections.abc import Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose import attributes, calls, history, imports, text
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

FAMILIES = (calls, imports, attributes, text, history)

DIAGNOSES: Mapping[str, Diagnose] = {
    problem: found for family in FAMILIES for problem, found in family.RECOGNISERS.items()
}
"""Problem -> its recogniser, which answers with a Refused that names no operator where the failure is not its own."""

_WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    problem: words for family in FAMILIES for problem, words in family.WORDS.items()
}
"""Problem -> type of the exception -> how its message begins."""


def diagnose(failure: Failure, scene: Scene) -> Site | Refused:
    """Try every diagnosis in order; the first that recognises the failure decides."""
    for recognise in DIAGNOSES.values():
        found = recognise(failure, scene)
        if isinstance(found, Site) or found.operator:
            return found
    return Refused("diagnosis", f"no diagnosis fits {failure.kind}: {failure.message}")


def fitting(failure: Failure) -> str:
    """The problem that the failure's words tell of; empty where no diagnosis knows such words. Reads no tree."""
    for problem, patterns in _WORDS.items():
        pattern = patterns.get(failure.kind)
        if pattern is not None and pattern.match(failure.message):
            return problem
    return ""
