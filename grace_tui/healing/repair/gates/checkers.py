"""The lint and type gates: a patch may add no diagnostic. What was there before is not its fault."""

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from grace_tui.healing.repair.gates.setting import Said, Setting
from grace_tui.healing.repair.process import PACKAGE_HOME, Command, Completed, Limits, run
from grace_tui.healing.repair.tools import find_tool

LIMITS = Limits(cpu_seconds=60, seconds=30.0)

Diagnostic = tuple[str, str, str]
"""(file, rule, message); no line numbers, which a patch shifts."""


async def lint(setting: Setting) -> Said:
    """Ruff finds nothing new in the changed files."""
    argv = ["check", "--output-format", "json", "--no-cache", "--exit-zero"]
    return await _compare(setting, "ruff", argv, setting.changed, _ruff)


async def types(setting: Setting) -> Said:
    """Ty finds nothing new in the changed files and their consumers."""
    argv = ["check", "--output-format", "gitlab", "--exit-zero", "--python", sys.prefix, "--project", "."]
    argv += ["--config", f"environment.root = {json.dumps(['.', *beside()])}"]
    return await _compare(setting, "ty", argv, setting.concerned, _gitlab)


async def _compare(
    setting: Setting,
    tool: str,
    argv: list[str],
    files: Iterable[str],
    parse: Callable[[str, Path], Iterable[Diagnostic]],
) -> Said:
    program = find_tool(tool)
    if not program:
        return Said(False, f"{tool} is not installed beside {sys.executable}")

    async def look(folder: Path) -> Completed:
        existing = [path for path in files if (folder / path).exists()]
        return await run(Command([program, *argv, *existing], folder, LIMITS))

    both = await asyncio.gather(look(setting.before), look(setting.after))
    for done in both:
        if done.exit_code != 0 or done.timed_out:
            return Said(False, f"{tool} did not finish: {done.last_line}")
    before, after = (
        Counter(parse(done.stdout, folder)) for done, folder in zip(both, (setting.before, setting.after), strict=True)
    )
    new = list((after - before).elements())
    if new:
        path, rule, message = new[0]
        return Said(False, f"{path}: {rule}: {message}" + (f" and {len(new) - 1} more" if len(new) > 1 else ""))
    gone = (before - after).total()
    return Said(True, f"{tool}: nothing new" + (f", {gone} fewer" if gone else ""))


def beside() -> list[str]:
    """Where this package lies, when it runs from its sources. After the copy, whose own modules come first."""
    return [] if Path(PACKAGE_HOME).is_relative_to(sys.prefix) else [PACKAGE_HOME]


def _ruff(output: str, folder: Path) -> Iterable[Diagnostic]:
    for entry in json.loads(output or "[]"):
        yield _relative(entry["filename"], folder), str(entry["code"]), _steady(entry["message"])


def _gitlab(output: str, folder: Path) -> Iterable[Diagnostic]:
    for entry in json.loads(output or "[]"):
        yield _relative(entry["location"]["path"], folder), entry["check_name"], _steady(entry["description"])


def _relative(path: str, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix() if Path(path).is_absolute() else path


def _steady(message: str) -> str:
    return re.sub(r"\d+", "0", message)
