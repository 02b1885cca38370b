"""Failures that earlier versions of the sources may answer: what was lost or changed, and can be put back."""

import re
from collections.abc import Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose.common import NOT_MINE, consumers
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

CHANGED_DEFINITION = "changed_definition"

WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {}


def changed_definition(failure: Failure, scene: Scene) -> Site | Refused:
    """Any failure of a tree that was different before."""
    changes = scene.history.changes
    if not any(changed.before is not None for change in changes for changed in change.files):
        return NOT_MINE
    inside = [frame for frame in failure.frames if frame.in_project]
    live = failure.callee or next(iter(failure.touched), None)
    provider = live.file if live is not None else inside[-1].file if inside else ""
    qualname = live.qualname if live is not None else inside[-1].function if inside else ""
    return Site(CHANGED_DEFINITION, provider, qualname, failure.asked, "", consumers(failure, provider))


RECOGNISERS: Mapping[str, Diagnose] = {CHANGED_DEFINITION: changed_definition}
