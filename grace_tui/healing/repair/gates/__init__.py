"""The gates a patch must pass, cheap ones first; one table, in the order they are shown.

`judge` is what repairs call: with one patch, or with all the patches of a heal as one.
"""

from collections.abc import Sequence

from grace_tui.healing.repair.gates.cheap import compiles, consumers, paths, size
from grace_tui.healing.repair.gates.checkers import lint, types
from grace_tui.healing.repair.gates.replay import Starting, canary, replay
from grace_tui.healing.repair.gates.setting import Check, Context, Gate, Said, Setting, open_context
from grace_tui.healing.repair.gates.surface import surface
from grace_tui.healing.repair.gates.tests import tests
from grace_tui.healing.repair.gates.walk import Report, pending, walk
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.trial import Trial
from grace_tui.kernel.records import GateVerdict

GATES: tuple[Gate, ...] = (
    Gate("compiles", compiles, cheap=True, quick=True),
    Gate("paths", paths, cheap=True, quick=True),
    Gate("consumers", consumers, cheap=True, quick=True),
    Gate("size", size, cheap=True),
    Gate("surface", surface, cheap=True),
    Gate("lint", lint, quick=True),
    Gate("types", types),
    Gate("tests", tests),
    Gate("replay", replay),
    Gate("canary", canary),
)

CHEAP_GATES: tuple[Gate, ...] = tuple(gate for gate in GATES if gate.cheap)
"""What can be told of a patch before anything runs."""
QUICK_GATES: tuple[Gate, ...] = tuple(gate for gate in GATES if gate.quick)
"""What a known fix must pass before it is replayed."""


async def judge(
    trial: Trial,
    patch: Patch,
    context: Context,
    *,
    gates: Sequence[Gate] = GATES,
    report: Report = lambda verdicts: None,
) -> tuple[GateVerdict, ...]:
    """A verdict of every gate; `trial` holds the patch's edits already."""
    return await walk(gates, Setting(trial, patch, context), report)


def refusal(verdicts: Sequence[GateVerdict]) -> GateVerdict | None:
    """The gate that said no; None where all passed or had nothing to check."""
    return next((verdict for verdict in verdicts if verdict.state == "failed"), None)


__all__ = [
    "CHEAP_GATES",
    "GATES",
    "QUICK_GATES",
    "Check",
    "Context",
    "Gate",
    "Said",
    "Setting",
    "Starting",
    "judge",
    "open_context",
    "pending",
    "refusal",
    "walk",
]
