"""A small workspace with a kernel that breaks at start, and the failures that the core would have made of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grace_tui.healing.failure import Callee, Failure, Frame

LOG = '''"""Keeps rows."""

from grace_tui.kernel import Kernel, KernelSpec


class Log(Kernel):
    spec = KernelSpec(priority=2)

    async def start(self) -> None:
        self.rows: list[dict[str, object]] = []

    async def append(self, actor: str, action: str) -> int:
        """Keep one row."""
        row: dict[str, object] = {"actor": actor, "action": action}
        self.rows.append(row)
        return len(self.rows)
'''

AGENT = '''"""Writes a row at start."""

from grace_tui.kernel import Kernel, KernelSpec


class Agent(Kernel):
    spec = KernelSpec(requires=("log",))

    async def start(self) -> None:
        await self.kernel("log").append(actor="agent", action="start", part="core")
'''

RULES = '''"""Counts sessions."""

from grace_tui.kernel import Kernel
from kernels.models import open_session


class Rules(Kernel):
    async def start(self) -> None:
        self.session = open_session()
'''

MODELS = '''"""The models."""

from kernels.models.tables import Row

__all__ = ["Row"]
'''

DATABASE = '''"""The database."""


def open_session() -> str:
    return "session"
'''

TABLES = '''"""The tables."""


class Row:
    """One row."""
'''

TEST_LOG = '''"""Tests of the log kernel."""

from pathlib import Path

from grace_tui.kernel.testing import running
from kernels.log import Log


async def test_log_keeps_rows(tmp_path: Path) -> None:
    async with running(Log, workspace=tmp_path) as bench:
        assert await bench.get(Log).append("me", "test") == 1
        assert bench.get(Log).rows[0]["actor"] == "me"
'''

FILES = {
    "kernels/__init__.py": '"""The kernels."""\n',
    "kernels/log.py": LOG,
    "kernels/agent.py": AGENT,
    "kernels/rules.py": RULES,
    "kernels/models/__init__.py": MODELS,
    "kernels/models/database.py": DATABASE,
    "kernels/models/tables.py": TABLES,
    "tests/kernels/test_log.py": TEST_LOG,
    "tests/kernels/conftest.py": (
        "import pytest\n\n\n@pytest.fixture\ndef anyio_backend() -> str:\n    return 'asyncio'\n"
    ),
    ".grace/secret.py": "SECRET = 1\n",
    "logs/agent.log": "{}\n",
    "policies/default.py": "ALLOW = True\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    workspace = tmp_path / "workspace"
    write_files(workspace, FILES)
    return workspace


def write_files(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def write() -> Callable[[Path, dict[str, str]], None]:
    return write_files


@pytest.fixture
def refused_keyword() -> Failure:
    return Failure(
        kernel="agent",
        phase="start",
        kind="TypeError",
        message="Log.append() got an unexpected keyword argument 'part'",
        frames=(Frame("kernels/agent.py", True, "Agent.start", 10),),
        callee=Callee("Log.append", "kernels/log.py", 12, "(self, actor, action)", {"part": "str"}),
    )


@pytest.fixture
def lost_export() -> Failure:
    return Failure(
        kernel="rules",
        phase="load",
        kind="ImportError",
        message="cannot import name 'open_session' from 'kernels.models' (kernels/models/__init__.py)",
        frames=(Frame("kernels/rules.py", True, "<module>", 4),),
        missing=("kernels.models", "open_session", "kernels/models/__init__.py"),
    )
