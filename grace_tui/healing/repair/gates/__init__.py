"""The gates a patch must pass, cheap ones first; one table, in the order they are shown."""

from grace_tui.healing.repair.gates.cheap import compiles, paths, size
from grace_tui.healing.repair.gates.checkers import lint, types
from grace_tui.healing.repair.gates.replay import replay
from grace_tui.healing.repair.gates.setting import Gate, Said, Setting
from grace_tui.healing.repair.gates.tests import tests
from grace_tui.healing.repair.gates.walk import pending, walk

GATES: tuple[Gate, ...] = (
    Gate("compiles", compiles, cheap=True, quick=True),
    Gate("paths", paths, cheap=True, quick=True),
    Gate("size", size, cheap=True),
    Gate("lint", lint, quick=True),
    Gate("types", types),
    Gate("tests", tests),
    Gate("replay", replay),
)

QUICK_GATES: tuple[Gate, ...] = tuple(gate for gate in GATES if gate.quick)
"""What a known fix must pass before it is replayed."""

__all__ = ["GATES", "QUICK_GATES", "Gate", "Said", "Setting", "pending", "walk"]
