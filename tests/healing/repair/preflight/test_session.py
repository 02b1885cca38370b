"""A tree of broken imports, from the first look to the one transaction that repairs it."""

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest

from grace_tui.healing.repair.heal import Home, Ledger, home_of
from grace_tui.healing.repair.preflight import Preflight, Report, Wanted

BROKEN = {
    "app/__init__.py": "",
    "app/core/__init__.py": "",
    "app/core/clock.py": "from app.words import plural\n\n\ndef now() -> str:\n    return plural(1)\n",
    "app/text/__init__.py": "",
    "app/text/words.py": "def plural(count: int) -> str:\n    return str(count)\n",
    "app/parts/__init__.py": '"""Parts."""\n',
    "app/parts/wheel.py": "class Wheel:\n    pass\n",
    "app/one.py": "from app.time import now\n\nNOW = now\n",
    "app/two.py": "import app.one\nfrom app.parts import Wheel\n\nWHEEL = Wheel\n",
    "app/three.py": "from app.two import NOWHERE_AT_ALL\n",
    "app/time/__init__.py": "from app.core.clock import now as now\n",
    "app/four.py": "def four() -> int:\n    return 4\n```\nHere is the updated file. Let me know!\n",
    "app/fine.py": "",
}
"""One thing behind another: `two` fails first of words, then of parts."""


class Quiet:
    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, done: int, of: int, words: str) -> None:
        assert 0 <= done <= of

    def say(self, words: str) -> None:
        self.said.append(words)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, text in BROKEN.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def home(tree: Path, tmp_path: Path) -> Home:
    home = home_of(tree, {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "cache")})
    home.state.mkdir(parents=True)
    return home


def preflight(home: Home, bar: Quiet | None = None, **options: object) -> Preflight:
    wanted = Wanted(home.root, python=sys.executable, **options)  # type: ignore[arg-type]
    return Preflight(wanted, home, Ledger(home), bar or Quiet())


def texts(tree: Path) -> dict[str, str]:
    return {path.relative_to(tree).as_posix(): path.read_text() for path in tree.rglob("*.py")}


async def test_the_causes_are_told_and_what_blocks_most_comes_first(tree: Path, home: Home) -> None:
    report = await preflight(home).run()
    assert (report.modules, report.imported) == (13, 7)
    first = report.causes[0]
    assert (first.kind, first.blocks, first.file) == ("inside", 5, "app/core/clock.py")
    assert set(first.modules) == {"app.core.clock", "app.time", "app.one", "app.two", "app.three"}
    assert [cause.kind for cause in report.causes[1:]] == ["syntax"]
    assert texts(tree) == BROKEN


async def test_repairs_go_on_behind_each_other_to_the_fixpoint_in_one_transaction(tree: Path, home: Home) -> None:
    report = await preflight(home, heal=True).run()
    assert (report.before.imported if report.before else 0, report.imported) == (7, 12)
    assert {repair.operator for repair in report.repairs} == {"moved_module", "missing_export", "unreadable_source"}
    assert [(cause.modules, "NOWHERE_AT_ALL" in cause.refused) for cause in report.causes] == [(("app.three",), True)]
    after = texts(tree)
    consumers = ("app/core/clock.py", "app/one.py", "app/two.py", "app/three.py", "app/fine.py")
    assert {name: after[name] for name in consumers} == {name: BROKEN[name] for name in consumers}
    assert "app/words.py" in after
    ledger = Ledger(home)
    ledger.take_back(ledger.last())
    assert texts(tree) == BROKEN


async def test_a_dry_run_shows_the_diff_and_changes_nothing(tree: Path, home: Home) -> None:
    report = await preflight(home, heal=True, dry_run=True).run()
    assert (report.imported, report.files_changed) == (12, ())
    assert "+++ b/app/words.py" in report.diff
    assert texts(tree) == BROKEN


async def test_one_that_was_interrupted_goes_on_where_it_was(tree: Path, home: Home) -> None:
    work: asyncio.Task[Report]

    class Impatient(Quiet):
        def step(self, done: int, of: int, words: str) -> None:
            if words.endswith("taken"):
                work.cancel()

    work = asyncio.ensure_future(preflight(home, Impatient(), heal=True).run())
    with contextlib.suppress(asyncio.CancelledError):
        await work
    assert work.cancelled()
    assert texts(tree) == BROKEN
    bar = Quiet()
    report = await preflight(home, bar, heal=True).run()
    assert any(line.startswith("going on from") for line in bar.said)
    assert (report.imported, len(report.repairs)) == (12, 3)
    assert not list(home.state.glob("preflight*"))


async def test_a_file_that_changed_since_the_interruption_is_looked_at_anew(tree: Path, home: Home) -> None:
    await preflight(home, heal=True, dry_run=True).run()
    (tree / "app/four.py").write_text("def four() -> int:\n    return 5\n")
    report = await preflight(home, heal=True).run()
    assert report.imported == 12
    assert (tree / "app/four.py").read_text().endswith("return 5\n")


async def test_only_the_packages_asked_for_are_imported(home: Home) -> None:
    report = await preflight(home, only=("app.parts",)).run()
    assert (report.modules, report.failing) == (2, 0)


async def test_of_two_repairs_that_pass_none_is_chosen(tree: Path, home: Home) -> None:
    (tree / "app/core/words.py").write_text("def plural(count: int) -> str:\n    return '2'\n")
    report = await preflight(home, heal=True).run()
    assert not any("app.words" in repair.summary for repair in report.repairs)
    assert any("nothing tells which is meant" in cause.refused for cause in report.causes)
