"""A tree of a few files in which a consumer asks more of a provider than it takes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grace_tui.healing.repair.heal import Home, Ledger, Session, Wanted, home_of

LOG = """\
class Log:
    def __init__(self):
        self.rows = []

    def append(self, event):
        row = {"event": event}
        self.rows.append(row)
"""
MAIN = """\
from log import Log

log = Log()
log.append("started", subsystem="mail")
print(log.rows)
"""

Heal = Callable[..., Session]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "log.py").write_text(LOG)
    (root / "main.py").write_text(MAIN)
    return root


@pytest.fixture
def home(tree: Path, tmp_path: Path) -> Home:
    return home_of(tree, {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "cache")})


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def healing(tree: Path, home: Home, said: list[str]) -> Heal:
    """Makes the session of one call; what it says ends in `said`."""

    def session(*argv: str, **options: object) -> Session:
        wanted = Wanted(argv, tree, tree, all_to_stderr=True, **options)  # type: ignore[arg-type]
        return Session(wanted, home, Ledger(home), said.append)

    return session
