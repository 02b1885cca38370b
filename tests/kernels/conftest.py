"""What the kernel tests need to run anywhere: beside a copied `kernels/` as well as in the repository."""

import sys
from pathlib import Path

import pytest

WORKSPACE = str(Path(__file__).resolve().parents[2])
if WORKSPACE not in sys.path:
    sys.path.insert(0, WORKSPACE)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
