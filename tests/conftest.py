"""What every test stands on: one event loop backend, and no call in it that waits for somebody else."""

import inspect
from collections.abc import Iterator
from functools import cache

import pytest
from blockbuster import BlockBuster
from blockbuster.blockbuster import BlockBusterFunction

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
