"""Actions that check a kernel's code: its tests, ruff and ty, each a bounded subprocess in a trial of the workspace.

Nothing of the workspace is changed, and nothing of the room runs the code that is checked.
"""

import dataclasses
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.room.actions.act import Act
from grace_tui.room.actions.asked import Asked

if TYPE_CHECKING:
    from grace_tui.healing.repair.process import Completed
    from grace_tui.healing.repair.trial import Trial
    from grace_tui.room.core import Room

SHOWN = 3
"""Findings that are told."""
RULES = "E9,F"
"""What ruff looks for where the workspace has no settings of its own: errors, not taste."""

Look = Callable[["Workplace"], Awaitable[str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Workplace:
    """The workspace on trial, the kernel's files in it, and how long a look at them may take."""

    trial: "Trial"
    kernel: str
    files: Sequence[str]
    seconds: float


async def run_tests(room: "Room", asked: Asked) -> Done:
    return await _on_trial(room, asked, _tests)


async def run_lint(room: "Room", asked: Asked) -> Done:
    return await _on_trial(room, asked, _lint)


async def run_types(room: "Room", asked: Asked) -> Done:
    return await _on_trial(room, asked, _types)


async def _on_trial(room: "Room", asked: Asked, look: Look) -> Done:
    from grace_tui.healing.repair.repair import HIDDEN  # not needed before a playbook checks something
    from grace_tui.healing.repair.trial import TooLarge, open_trial

    root, kernel = room.parts.workspace.root, asked.kernel()
    files = _files_of(root, kernel)
    if not files:
        raise ActionFailed(f"{kernel} has no file in kernels/ that could be checked")
    try:
        async with open_trial(root, hidden=HIDDEN) as trial:
            return Done(await look(Workplace(trial, kernel, files, asked.seconds("within"))))
    except TooLarge as large:
        raise ActionFailed(str(large)) from large


def _files_of(root: Path, kernel: str) -> list[str]:
    folder = root / "kernels" / kernel
    if (root / "kernels" / f"{kernel}.py").is_file():
        return [f"kernels/{kernel}.py"]
    return sorted(path.relative_to(root).as_posix() for path in folder.rglob("*.py")) if folder.is_dir() else []


async def _tests(place: Workplace) -> str:
    from grace_tui.healing.repair.gates.runner import run_files

    file = f"tests/kernels/test_{place.kernel}.py"
    if not (place.trial.root / file).is_file():
        raise ActionFailed(f"there are no tests of {place.kernel}: {file} is not there")
    results = await run_files(place.trial, [file], place.seconds)
    if isinstance(results, str):
        raise ActionFailed(f"the tests of {place.kernel} did not run: {results}")
    if results.failed:
        first = [f"{case}: {why}" for case, why in list(results.failed.items())[:SHOWN]]
        raise ActionFailed(f"{len(results.failed)} tests of {place.kernel} fail: {'; '.join(first)}")
    if not results.passed:
        raise ActionFailed(f"no test of {place.kernel} passed: {len(results.cases)} were found, all skipped")
    return f"{results.passed} tests of {place.kernel} passed"


async def _lint(place: Workplace) -> str:
    argv = ["check", "--output-format", "concise", "--no-cache", "--quiet"]
    if not any((place.trial.root / name).exists() for name in ("pyproject.toml", "ruff.toml", ".ruff.toml")):
        argv += ["--isolated", "--select", RULES]
    done = await _run(place, "ruff", [*argv, *place.files])
    return _clean(place, "ruff", done)


async def _types(place: Workplace) -> str:
    from grace_tui.healing.repair.gates.checkers import beside

    argv = ["check", "--output-format", "concise", "--python", sys.prefix, "--project", "."]
    argv += ["--config", f"environment.root = {json.dumps(['.', *beside()])}"]
    done = await _run(place, "ty", [*argv, *place.files])
    return _clean(place, "ty", done)


async def _run(place: Workplace, tool: str, argv: Sequence[str]) -> "Completed":
    from grace_tui.healing.repair.process import Limits
    from grace_tui.healing.repair.tools import find_tool

    program = find_tool(tool)
    if not program:
        raise ActionFailed(f"{tool} is not installed beside {sys.executable}")
    limits = Limits(seconds=place.seconds, network=False)
    done = (await place.trial.run([program, *argv], limits=limits, clean=True)).completed
    if done.timed_out:
        raise ActionFailed(f"{tool} did not end within {place.seconds:g} s")
    return done


def _clean(place: Workplace, tool: str, done: "Completed") -> str:
    """What a checker found in the kernel's own files; 0 is nothing, 1 something, and more that it did not work."""
    if done.exit_code not in (0, 1):
        raise ActionFailed(f"{tool} did not work: {done.last_line}")
    found = [line.strip() for line in done.stdout.splitlines() if line.startswith(tuple(place.files))]
    if found:
        raise ActionFailed(f"{tool} finds {len(found)} in {place.kernel}: {'; '.join(found[:SHOWN])}")
    if done.exit_code:
        raise ActionFailed(f"{tool}: {done.last_line}")
    return f"{tool} finds nothing in {', '.join(place.files)}"


ACTS = {"run_tests": Act(run_tests), "run_lint": Act(run_lint), "run_types": Act(run_types)}
