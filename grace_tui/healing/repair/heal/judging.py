"""What holds of one step by itself: the files it changes, seen from its own failure. All else is asked of the stack."""

from grace_tui.healing.repair.patch import Patch
from grace_tui.kernel.records import GateVerdict


def own(patch: Patch) -> GateVerdict | None:
    """Why this step may not be; None where nothing speaks against it."""
    for path in patch.files:
        if path in patch.site.consumers:
            return GateVerdict("consumers", "failed", 0.0, f"{path} is a consumer and must stay as it is")
    return None
