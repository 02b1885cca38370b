"""The test gate: the workspace's own tests of the kernels that the change concerns, in the patched copy."""

import ast
import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

from grace_tui.healing.repair.gates.setting import Said, Setting
from grace_tui.healing.repair.index import Index, plain
from grace_tui.healing.repair.process import Command, Limits, run
from grace_tui.healing.repair.tree import FileTree

LIMITS = Limits(cpu_seconds=120, seconds=60.0, network=False)
CALLER_FILES = 3
"""Test files of further callers that a repair takes the time for, besides the failed kernel's and the provider's."""

SETTINGS = "[pytest]\nanyio_mode = auto\npythonpath = .\naddopts = --import-mode=importlib\n"
"""Of its own, so that a workspace's plugins and options neither slow the gate down nor change what it means."""


async def tests(setting: Setting) -> Said:
    """Run the concerned test files. A test that fails in the same words without the patch is another fault's."""
    own, others, left_out = await asyncio.to_thread(_concerned_files, setting)
    files = [*own, *others]
    if not files:
        return Said(None, f"no tests/kernels/test_*.py for {setting.failure.kernel} or {setting.patch.site.provider}")
    names = ", ".join(Path(path).stem.removeprefix("test_") for path in files)
    patched = await _side_by_side(setting.after, own, others)
    if isinstance(patched, str):
        return Said(False, f"{names}: {patched}")
    if not patched.cases:
        return Said(None, f"{names}: the files hold no test")
    new = patched.failed
    if new:
        again = [path for path in files if patched.fails_in(path)]
        unpatched = await _side_by_side(setting.before, again[::2], again[1::2])
        known = {} if isinstance(unpatched, str) else unpatched.failed
        new = {case: why for case, why in new.items() if known.get(case) != why or setting.failure.message in why}
    if new:
        case, why = next(iter(new.items()))
        return Said(False, f"{case}: {why}")
    if not patched.passed:
        return Said(False, f"{names}: no test passed, with or without the patch")
    return Said(True, _told(patched, names, left_out))


@dataclass(frozen=True, slots=True)
class Results:
    cases: tuple[str, ...]
    failed: Mapping[str, str]
    """Test -> the first line of why."""
    skipped: int

    @property
    def passed(self) -> int:
        return len(self.cases) - len(self.failed) - self.skipped

    def fails_in(self, path: str) -> bool:
        module = path.removesuffix(".py").replace("/", ".")
        return any(case.startswith(module) for case in self.failed)


async def _side_by_side(copy: Path, *groups: Sequence[str]) -> Results | str:
    """Run groups of files at the same time, each in its own process; the machine is assumed to have two cores."""
    named = [(f"{copy.name}-{number}", group) for number, group in enumerate(groups) if group]
    outcomes = await asyncio.gather(*(run_files(copy, name, group) for name, group in named))
    results = [outcome for outcome in outcomes if isinstance(outcome, Results)]
    if len(results) < len(outcomes):
        return next(outcome for outcome in outcomes if isinstance(outcome, str))
    return Results(
        tuple(case for result in results for case in result.cases),
        {case: why for result in results for case, why in result.failed.items()},
        sum(result.skipped for result in results),
    )


async def run_files(copy: Path, name: str, files: Sequence[str], seconds: float = LIMITS.seconds) -> Results | str:
    """The outcome of every test of these files, or in words why there is none; `name` is this run's own."""
    ini, report = copy.parent / f"{name}-pytest.ini", copy.parent / f"{name}-tests.xml"
    await asyncio.to_thread(ini.write_text, SETTINGS)
    argv = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", "-p", "anyio"]
    argv += ["--continue-on-collection-errors"]
    argv += ["-c", str(ini), "--rootdir", str(copy), f"--junitxml={report}", *files]
    limits = replace(LIMITS, seconds=seconds)
    done = await run(Command(argv, copy, limits, variables={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}))
    if done.timed_out:
        return f"no end within {seconds:g} s"
    if done.exit_code not in (0, 1, 2, 5):
        return done.last_line
    return await asyncio.to_thread(_read, report, copy)


def _read(report: Path, copy: Path) -> Results:
    cases: list[str] = []
    failed: dict[str, str] = {}
    skipped = 0
    for case in ElementTree.parse(report).iter("testcase"):
        name = ".".join(part for part in (case.get("classname", ""), case.get("name", "")) if part)
        cases.append(name)
        skipped += case.find("skipped") is not None
        for problem in (*case.findall("failure"), *case.findall("error")):
            failed[name] = _why(problem, copy)
    return Results(tuple(cases), failed, skipped)


def _why(problem: "ElementTree.Element", copy: Path) -> str:
    """The error in one line. A module that cannot be collected says it in the text, not in the message."""
    lines = (problem.text or "").strip().splitlines()
    raised = [line.removeprefix("E").strip() for line in lines if line.startswith("E  ")]
    message = problem.get("message", "").strip().splitlines()
    return ((raised or message or ["failed"])[0]).replace(str(copy), "")


def _told(results: Results, names: str, left_out: int) -> str:
    parts = [f"{results.passed} passed in {names}"]
    if results.failed:
        parts.append(f"{len(results.failed)} fail just as without the patch")
    if left_out:
        parts.append(f"{left_out} further files of callers not run")
    return "; ".join(parts)


def _concerned_files(setting: Setting) -> tuple[list[str], list[str], int]:
    """Test files of the failed kernel and the provider, those of callers, and how many of callers are left out."""
    tree = FileTree(setting.after)
    index = Index(tree)
    kernels = [setting.failure.kernel]
    kernels += [name for path in setting.changed if (name := kernel_of(path))]
    callers = [name for name in sorted(callers_of(index, setting)) if name not in kernels]
    first = [path for name in dict.fromkeys(kernels) if (path := f"tests/kernels/test_{name}.py") in tree.files]
    others = [path for name in callers if (path := f"tests/kernels/test_{name}.py") in tree.files]
    others.sort(key=lambda path: len(index.text(path)))  # the shortest: more callers' tests for the same time
    return first, others[:CALLER_FILES], max(0, len(others) - CALLER_FILES)


def kernel_of(path: str) -> str:
    """`kernels/log.py` and `kernels/log/rows.py` -> `log`; empty outside `kernels/`."""
    match = re.match(r"kernels/(\w+)(?:\.py$|/)", path)
    return match[1] if match and match[1] != "__init__" else ""


def callers_of(index: Index, setting: Setting) -> set[str]:
    """Kernels that use the changed interface: they name the provider, and the definition or export by its own name."""
    site = setting.patch.site
    provider = kernel_of(site.provider)
    method = site.name if site.problem == "missing_export" else _called_name(site.qualname)
    found = set()
    for path in index.names:
        kernel = kernel_of(path)
        module = index.parsed(path) if kernel and kernel != provider else None
        if module is not None and _names(module, provider, index.names[site.provider]) and _uses(module, method):
            found.add(kernel)
    return found


def _called_name(qualname: str) -> str:
    head, _, last = plain(qualname).rpartition(".")
    return head.rpartition(".")[2] if last in ("__init__", "__new__") else last


def _names(module: ast.Module, provider: str, dotted: str) -> bool:
    """True where the file imports the provider's module or names its kernel, as in `self.kernel("immutable_log")`."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == dotted:
            return True
        if isinstance(node, ast.Import) and any(alias.name == dotted for alias in node.names):
            return True
        if provider and isinstance(node, ast.Constant) and node.value == provider:
            return True
    return False


def _uses(module: ast.Module, name: str) -> bool:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
            return True
        if isinstance(node, ast.alias) and node.name == name:
            return True
    return False
