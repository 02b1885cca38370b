"""The lint and type gates: a patch may add no diagnostic. What was there before is not its fault."""

import ast
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grace_tui.healing.repair.gates.setting import Diagnostic, Said, Setting
from grace_tui.healing.repair.process import PACKAGE_HOME, Completed, Limits
from grace_tui.healing.repair.tools import find_tool
from grace_tui.healing.repair.trial import Trial

LIMITS = Limits(cpu_seconds=60, seconds=30.0)
RUFF_SETTINGS = ("ruff.toml", ".ruff.toml", "pyproject.toml")
ERRORS = "E9,F63,F7,F82"
"""What ruff looks for: what cannot work, not taste."""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    argv: tuple[str, ...]
    parse: Callable[[str, Path], Iterable[Diagnostic]]


async def lint(setting: Setting) -> Said:
    """Ruff finds no new error in the changed files. Style is no reason to leave something broken."""
    argv = ["check", "--output-format", "json", "--no-cache", "--exit-zero", "--select", ERRORS]
    if not await asyncio.to_thread(_has_settings, setting.root, setting.changed):
        argv += ["--isolated"]
    return await _compare(setting, Tool("ruff", tuple(argv), _ruff), setting.changed)


async def types(setting: Setting) -> Said:
    """Ty finds nothing new in the changed files and their consumers."""
    argv = ["check", "--output-format", "gitlab", "--exit-zero", "--python", setting.context.python, "--project", "."]
    if setting.context.clean:
        argv += ["--config", f"environment.root = {json.dumps(['.', *beside()])}"]
    return await _compare(setting, Tool("ty", tuple(argv), _gitlab), setting.concerned)


async def _compare(setting: Setting, tool: Tool, files: Iterable[str]) -> Said:
    if not find_tool(tool.name):
        return Said(False, f"{tool.name} is not installed beside {sys.executable}")
    known = setting.context.known
    python = [path for path in files if path.endswith(".py")]
    old = [path for path in python if (setting.root / path).is_file()]
    wanted = [path for path in old if (tool.name, path) not in known]
    unpatched, patched = await asyncio.gather(_look(setting.before, tool, wanted), _look(setting.after, tool, python))
    if isinstance(unpatched, str):
        return Said(None, f"{tool.name} cannot tell what was there before: {unpatched}")
    if isinstance(patched, str):
        return Said(False, f"{tool.name} did not finish: {patched}")
    known.update({(tool.name, path): unpatched.get(path, Counter()) for path in wanted})
    before = sum((known[tool.name, path] for path in old), Counter[Diagnostic]())
    after = sum(patched.values(), Counter[Diagnostic]())
    # A caller in which a name is known again is looked at more closely than before; what shows there was there.
    seen_better = {path for path, _, _ in before - after} - set(setting.changed)
    if unread := await asyncio.to_thread(_unread, setting):
        seen_better |= unread | (set(python) - set(setting.changed))
    new = [found for found in (after - before).elements() if found[0] not in seen_better]
    if new:
        path, rule, message = new[0]
        return Said(False, f"{path}: {rule}: {message}" + (f" and {len(new) - 1} more" if len(new) > 1 else ""))
    gone = (before - after).total()
    return Said(True, f"{tool.name}: nothing new" + (f", {gone} fewer" if gone else ""))


def _unread(setting: Setting) -> set[str]:
    """Files that did not parse before the patch: nobody could look at them."""
    found = set()
    for edit in setting.patch.edits:
        try:
            ast.parse(edit.before or "")
        except (SyntaxError, ValueError):
            found.add(edit.path)
    return found


async def _look(trial: Trial, tool: Tool, files: Sequence[str]) -> dict[str, Counter[Diagnostic]] | str:
    """What the tool says, by file; or in words why it says nothing."""
    if not files:
        return {}
    done = (await trial.run([find_tool(tool.name), *tool.argv, *files], limits=LIMITS, clean=True)).completed
    if done.exit_code != 0 or done.timed_out:
        return _why(done)
    found: dict[str, Counter[Diagnostic]] = {}
    for diagnostic in tool.parse(done.stdout, trial.root):
        found.setdefault(diagnostic[0], Counter())[diagnostic] += 1
    return found


def _why(done: Completed) -> str:
    return f"no end within {done.seconds:.0f} s" if done.timed_out else done.last_line


def _has_settings(root: Path, files: Iterable[str]) -> bool:
    """Say whether ruff's settings stand in a folder of these files, or above, in the tree."""
    folders = {root / parent for path in files for parent in Path(path).parents}
    return any(_sets_ruff(folder / name) for folder in folders for name in RUFF_SETTINGS)


def _sets_ruff(file: Path) -> bool:
    return file.is_file() and (file.name != "pyproject.toml" or "[tool.ruff" in file.read_text("utf-8", "replace"))


def beside() -> list[str]:
    """Where this package lies, when it runs from its sources. After the tree, whose own modules come first."""
    return [] if Path(PACKAGE_HOME).is_relative_to(sys.prefix) else [PACKAGE_HOME]


def _ruff(output: str, root: Path) -> Iterable[Diagnostic]:
    for entry in json.loads(output or "[]"):
        yield _relative(entry["filename"], root), str(entry["code"]), _steady(entry["message"])


def _gitlab(output: str, root: Path) -> Iterable[Diagnostic]:
    for entry in json.loads(output or "[]"):
        yield _relative(entry["location"]["path"], root), entry["check_name"], _steady(entry["description"])


def _relative(path: str, root: Path) -> str:
    return Path(path).relative_to(root).as_posix() if Path(path).is_relative_to(root) else path


def _steady(message: str) -> str:
    return re.sub(r"\d+", "0", message)
