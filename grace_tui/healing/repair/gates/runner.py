"""Runs test files in a trial, and says what became of each test: pytest where there is one, else unittest."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

from grace_tui.healing.repair.process import Completed, Limits
from grace_tui.healing.repair.trial import Trial

LIMITS = Limits(cpu_seconds=120, seconds=60.0, network=False)
UNITTEST = str(Path(__file__).with_name("unittest_run.py"))
USAGE_ERROR = 4

SETTINGS = "[pytest]\nanyio_mode = auto\npythonpath = .\naddopts = --import-mode=importlib\n"
"""Of its own, so that a workspace's plugins and options neither slow the gate down nor change what it means."""


@dataclass(frozen=True, slots=True)
class Results:
    cases: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    """Test -> the first line of why."""
    skipped: int = 0

    @property
    def passed(self) -> int:
        return len(self.cases) - len(self.failed) - self.skipped

    def fails_in(self, path: str) -> bool:
        module = path.removesuffix(".py").replace("/", ".")
        return any(module.endswith(f".{name}") or module == name for case in self.failed for name in _prefixes(case))


def _prefixes(case: str) -> list[str]:
    parts = case.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def together(results: Sequence[Results]) -> Results:
    return Results(
        tuple(case for result in results for case in result.cases),
        {case: why for result in results for case, why in result.failed.items()},
        sum(result.skipped for result in results),
    )


async def run_files(trial: Trial, files: Sequence[str], seconds: float = LIMITS.seconds) -> Results | str:
    """The outcome of every test of these files of a workspace, or in words why there is none."""
    name = uuid4().hex
    ini = trial.shared / f"{name}-pytest.ini"
    await asyncio.to_thread(ini.write_text, SETTINGS)
    words = ["--tb=line", "-p", "anyio", "-c", str(ini), "--rootdir", str(trial.root)]
    report = trial.shared / f"{name}-tests.xml"
    limits = replace(LIMITS, seconds=seconds)
    env = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = (
        await trial.run(_pytest(sys.executable, report, words, files), env=env, limits=limits, clean=True)
    ).completed
    return await _outcome(done, report, trial)


async def run_files_as_usual(
    trial: Trial, files: Sequence[str], python: str, folder: str, seconds: float
) -> Results | str:
    """The same for any project: with its own settings, plugins and environment."""
    report = trial.shared / f"{uuid4().hex}-tests.xml"
    limits = Limits(cpu_seconds=None, memory_bytes=None, file_bytes=None, seconds=seconds, network=False)
    here = [str(trial.root / path) for path in files]
    for more in ([], ["-o", "addopts="]):
        argv = _pytest(python, report, ["--tb=line", *more], here)
        done = (await trial.run(argv, folder=folder, limits=limits)).completed
        if done.exit_code != USAGE_ERROR:
            break
    if "No module named pytest" in done.stderr:
        return await _unittest(trial, here, python, folder, limits)
    return await _outcome(done, report, trial)


async def _unittest(trial: Trial, files: Sequence[str], python: str, folder: str, limits: Limits) -> Results | str:
    report = trial.shared / f"{uuid4().hex}-tests.json"
    done = (await trial.run([python, UNITTEST, str(report), *files], folder=folder, limits=limits)).completed
    if done.timed_out:
        return f"no end within {limits.seconds:g} s"
    if not report.exists():
        return done.last_line
    told = json.loads(await asyncio.to_thread(report.read_text, "utf-8"))
    return Results(tuple(told["cases"]), told["failed"], told["skipped"])


def _pytest(python: str, report: Path, words: Sequence[str], files: Sequence[str]) -> list[str]:
    argv = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    return [*argv, f"--junitxml={report}", *words, *files]


async def _outcome(done: Completed, report: Path, trial: Trial) -> Results | str:
    if done.timed_out:
        return f"no end within {done.seconds:.0f} s"
    if not await asyncio.to_thread(report.exists):
        return done.last_line
    return await asyncio.to_thread(_read, report, trial.root)


def _read(report: Path, root: Path) -> Results:
    cases: list[str] = []
    failed: dict[str, str] = {}
    skipped = 0
    for case in ElementTree.parse(report).iter("testcase"):
        name = ".".join(part for part in (case.get("classname", ""), case.get("name", "")) if part)
        cases.append(name)
        skipped += case.find("skipped") is not None
        for problem in (*case.findall("failure"), *case.findall("error")):
            failed[name] = _why(problem, root)
    return Results(tuple(cases), failed, skipped)


def _why(problem: ElementTree.Element, root: Path) -> str:
    """The error in one line. A module that cannot be collected says it in the text, not in the message."""
    lines = (problem.text or "").strip().splitlines()
    raised = [line.removeprefix("E").strip() for line in lines if line.startswith("E  ")]
    message = problem.get("message", "").strip().splitlines()
    return ((raised or message or ["failed"])[0]).replace(str(root), "")
