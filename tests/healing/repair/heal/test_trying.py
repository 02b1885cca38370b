"""How long a run in a trial may take before a program counts as one that goes on."""

import time
from contextlib import AsyncExitStack

import pytest

from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.heal.trying import SURVIVES, Trier


@pytest.mark.parametrize(
    ("failed_after", "ends", "seconds"),
    [
        pytest.param(0.2, False, SURVIVES, id="quick"),
        pytest.param(30.0, False, 90.0, id="slow"),
        pytest.param(400.0, False, 600.0, id="no-more-than-is-left"),
        pytest.param(0.2, True, 600.0, id="tests-end-by-themselves"),
    ],
)
def test_patience(home: Home, failed_after: float, ends: bool, seconds: float) -> None:
    trier = Trier(home, ("true",), home.root, AsyncExitStack())
    trier.until, trier.failed_after, trier.ends = time.monotonic() + 600, failed_after, ends
    assert trier.patience == pytest.approx(seconds, abs=60)


async def test_command_may_run_outside_of_the_tree(home: Home) -> None:
    resources = AsyncExitStack()
    assert Trier(home, ("true",), home.root / "below", resources).folder == "below"
    assert Trier(home, ("true",), home.root.parent, resources).folder == str(home.root.parent)
