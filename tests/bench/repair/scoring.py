"""One case: a copy of a package, one breakage that a test of its own notices, `grace-tui heal`, and what came of it."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from tests.bench.repair.breakers import Breakage
from tests.bench.repair.sources import is_test

PACKAGE_HOME = str(Path(__file__).resolve().parents[3])
SUITE_SECONDS, HEAL_SECONDS = 180.0, 180.0
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:grace_tui"]

History = Literal["none", "uncommitted", "committed"]


@dataclass(frozen=True)
class Result:
    package: str
    seed: int
    history: History
    breaker: str
    what: str
    restorable: bool
    healed: bool
    original: bool
    """The provider means what it meant before the break, by its syntax tree."""
    edited: tuple[str, ...]
    """Files that existed before the heal, were changed by it, and are not the provider."""
    broken: tuple[str, ...]
    """Tests that passed before the heal, and fail after it."""
    left: tuple[str, ...]
    """Tests that the breakage made fail, and that fail still."""
    seconds: float
    beyond: float
    """Seconds that the heal took beyond two runs of the command."""
    told: str
    operators: tuple[str, ...]
    command: str

    @property
    def sound(self) -> bool:
        return not self.edited and not (self.healed and self.broken)


@dataclass(frozen=True)
class Subject:
    """A package with tests: its root, what its tests need on the path, and what passes when it is whole."""

    name: str
    root: Path
    path: str
    passing: frozenset[str]
    failing: frozenset[str]


def subject(root: Path) -> Subject:
    """Run the suite of the whole package, twice: a test that comes and goes, or is named by the time, says nothing."""
    path = "src" if (root / "src").is_dir() else "."
    first, second = run_suite(root, path), run_suite(root, path)
    passing = frozenset(test for test, passed in first.items() if passed and second.get(test))
    return Subject(root.name, root, path, passing, frozenset(first) - passing)


def variables(root: Path, path: str, state: Path | None = None) -> dict[str, str]:
    more = {"PYTHONPATH": str(root / path), "PYTHONDONTWRITEBYTECODE": "1"}
    if state is not None:
        more |= {"XDG_STATE_HOME": str(state / "state"), "XDG_CACHE_HOME": str(state / "cache")}
    return {**os.environ, **more}


def run_suite(root: Path, path: str, *more: str) -> Mapping[str, bool]:
    """Test -> whether it passed; a file that cannot be collected is a test of its own name."""
    report = root.parent / f"{root.name}.xml"
    report.unlink(missing_ok=True)
    argv = [*PYTEST, f"--junit-xml={report}", "-o", "junit_family=xunit1", *more]
    try:
        subprocess.run(
            argv, cwd=root, env=variables(root, path), capture_output=True, timeout=SUITE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {}
    if not report.exists():
        return {}
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("skipped") is None:
            file, name = case.get("file") or "", case.get("name") or ""
            owner = (case.get("classname") or "").removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
            node = "::".join(part for part in (file, owner, name) if part) if file else (case.get("classname") or name)
            found[node] = case.find("failure") is None and case.find("error") is None
    return found


def broken_copy(whole: Subject, breakage: Breakage, history: History, folder: Path) -> Path:
    """Copy the package and break it, in a repository where that is asked."""
    root = folder / whole.name
    shutil.copytree(whole.root, root, ignore=shutil.ignore_patterns(".git", "__pycache__", ".pytest_cache"))
    if history != "none":
        _git(root, "init", "-q")
        _commit(root, "Everything works")
    for path, text in breakage.files.items():
        if text is None:
            (root / path).unlink()
        else:
            (root / path).write_bytes(text.encode())
    if history == "committed":
        _commit(root, "Tidy up")
    return root


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "-A", "-f")
    _git(root, "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", message)


def noticed(whole: Subject, root: Path, history: History) -> str:
    """What pytest calls a test that passed before and fails now; empty where the suite notices nothing.

    Without history a test that only asserts tells nothing of what was there: one that uses it is preferred.
    """
    most = f"--maxfail={1 if history != 'none' else 20}"
    argv = [*PYTEST, most, "-rfE", *(f"--deselect={test}" for test in sorted(whole.failing))]
    env = variables(root, whole.path)
    try:
        done = subprocess.run(
            argv, cwd=root, env=env, capture_output=True, text=True, timeout=SUITE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    found = re.findall(r"^(?:FAILED|ERROR) (\S+?\.py(?:::[^\n]*?)?)(?: - (.*))?$", done.stdout, re.MULTILINE)
    telling = [test for test, said in found if not re.match(r"assert|Failed", said, re.IGNORECASE)]
    test = next(iter([*telling, *(test for test, _ in found)]), "")
    return test if test and run_alone(whole, root, test) and not run_alone(whole, whole.root, test) else ""


def run_alone(whole: Subject, root: Path, test: str) -> int:
    """The exit code: some tests fail only because of those before them, and some files hold tests that always do."""
    env = variables(root, whole.path)
    return subprocess.run([*PYTEST, test], cwd=root, env=env, capture_output=True, check=False).returncode


def heal(whole: Subject, root: Path, test: str, state: Path) -> tuple[dict[str, Any], float, str]:
    """The report of `heal`, the seconds it took, and what it said."""
    # Alone, lest a broken package that we depend on ourselves is what runs the heal.
    start = f"import sys; sys.path.insert(0, {PACKAGE_HOME!r}); from grace_tui.cli import main; main()"
    argv = [sys.executable, "-I", "-c", start, "heal", "--root", str(root), "--json", "--", *PYTEST, test]
    env = variables(root, whole.path, state)
    began = time.monotonic()
    try:
        done = subprocess.run(
            argv, cwd=root, env=env, capture_output=True, text=True, timeout=HEAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {}, HEAL_SECONDS, "no end"
    try:
        return json.loads(done.stdout), time.monotonic() - began, done.stderr
    except ValueError:
        return {}, time.monotonic() - began, (done.stderr or done.stdout).strip()[-300:]


def score(
    whole: Subject, breakage: Breakage, history: History, seed: int, folder: Path, root: Path, test: str
) -> Result:
    before = snapshot(root)
    report, seconds, said = heal(whole, root, test, folder)
    after = snapshot(root)
    healed = bool(report.get("healed"))
    outcome = run_suite(root, whole.path) if healed else {}
    broken = tuple(sorted(name for name in whole.passing if not outcome.get(name))) if healed else ()
    if broken:  # some measure time, and fail on a busy machine
        outcome = run_suite(root, whole.path, *broken)
        broken = tuple(name for name in broken if not outcome.get(name))
    if left := broken:  # what the breakage made fail, and still does, was not broken by the repair
        outcome = run_suite(broken_copy(whole, breakage, "none", folder / "unhealed"), whole.path, *broken)
        broken = tuple(name for name in broken if outcome.get(name))
        left = tuple(name for name in left if name not in broken)
    allowed = set(breakage.files)
    edited = tuple(sorted(path for path, text in before.items() if after.get(path) != text and path not in allowed))
    began = time.monotonic()
    run_alone(whole, whole.root, test)
    own = time.monotonic() - began
    attempts = report.get("attempts") or []
    told = (
        "" if healed else str(report.get("reason") or (attempts[-1].get("outcome") if attempts else "") or said[-300:])
    )
    return Result(
        whole.name,
        seed,
        history,
        breakage.breaker,
        breakage.what,
        breakage.restorable,
        healed,
        _as_before(whole, root, breakage),
        edited,
        broken[:5],
        left[:5],
        seconds,
        seconds - 2 * own,
        told,
        tuple(str(attempt.get("operator")) for attempt in attempts),
        " ".join(["pytest", test]),
    )


def snapshot(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in files
        if ".git" not in path.relative_to(root).parts
    }


def tests_edited(result: Result) -> Sequence[str]:
    return [path for path in result.edited if is_test(path)]


def _as_before(whole: Subject, root: Path, breakage: Breakage) -> bool:
    for path in breakage.files:
        there, here = whole.root / path, root / path
        if there.exists() != here.exists():
            return False
        try:
            if there.exists() and ast.dump(ast.parse(there.read_bytes())) != ast.dump(ast.parse(here.read_bytes())):
                return False
        except SyntaxError:
            return False
    return True
