"""What every test stands on: one event loop backend, and no call in it that waits for somebody else."""

import inspect
import os
from collections.abc import Iterator
from functools import cache

import pytest
from blockbuster import BlockBuster
from blockbuster.blockbuster import BlockBusterFunction
from hypothesis import settings

# The same examples in every run, so that a run tells of the change and not of luck; GRACE_EXPLORE looks for new
# ones. A loaded machine is slow, not wrong: no deadline.
settings.register_profile("steady", derandomize="GRACE_EXPLORE" not in os.environ, deadline=None)
settings.load_profile("steady")

SOURCES = ["grace_tui", "kernels"]
"""Only calls made by this code count; a test may wait where it likes."""
WAITS = ("time.", "socket.", "ssl.")
"""Sleeping and the network. A short read of a file or of SQLite is no wait, and is left alone."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail an async test in which the project's own code waits without giving way to the loop."""
    if not inspect.iscoroutinefunction(getattr(request, "function", None)):
        yield
        return
    for function in _waits():
        function.activate()
    try:
        yield
    finally:
        for function in _waits():
            function.deactivate()


@cache
def _waits() -> tuple[BlockBusterFunction, ...]:
    functions = BlockBuster(scanned_modules=SOURCES).functions
    return tuple(function for name, function in functions.items() if name.startswith(WAITS))
