"""The gates that look at files only: does it compile, does it stay in its bounds, does it leave consumers alone?"""

import asyncio
import sys
from pathlib import Path

from grace_tui.healing.repair.gates.setting import Said, Setting
from grace_tui.healing.repair.process import Limits
from grace_tui.healing.repair.sources import encode
from grace_tui.kernel.spelling import plural

EARLIER = 5
"""Versions of a file that are looked at."""
COMPILE = """
import sys
for path in sys.argv[1:]:
    try:
        compile(open(path, "rb").read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        sys.exit("%s: %s" % (path, error))
"""


async def compiles(setting: Setting) -> Said:
    """Every changed file compiles, with the Python that is to run it."""
    files = [edit for edit in setting.patch.edits if edit.path.endswith(".py")]
    if not _is_ours(setting.context.python):
        return await _compiles_there(setting, [edit.path for edit in files])
    for edit in files:
        try:
            await asyncio.to_thread(compile, encode(edit.after), edit.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            return Said(False, f"{edit.path}: {error}")
    return Said(True, ", ".join(setting.changed))


async def _compiles_there(setting: Setting, files: list[str]) -> Said:
    argv = [setting.context.python, "-I", "-S", "-c", COMPILE, *files]
    done = (await setting.after.run(argv, limits=Limits(seconds=20.0, network=False), clean=True)).completed
    if done.exit_code or done.timed_out:
        return Said(False, f"no end within {done.seconds:.0f} s" if done.timed_out else done.last_line)
    return Said(True, f"{', '.join(files)} by {setting.context.python}")


def _is_ours(python: str) -> bool:
    return Path(python).resolve() == Path(sys.executable).resolve()


async def paths(setting: Setting) -> Said:
    """Only allowed files change, and each is still as the patch expects it."""
    return await asyncio.to_thread(_paths, setting)


def _paths(setting: Setting) -> Said:
    for edit in setting.patch.edits:
        if not setting.context.tree.allows(edit.path):
            return Said(False, f"{edit.path} is not among the files a repair may change")
        if is_test(edit.path):
            return Said(False, f"{edit.path} is a test and must stay as it is")
        if _now(setting, edit.path) != (None if edit.before is None else encode(edit.before)):
            return Said(False, f"{edit.path} changed while the repair was prepared")
    return Said(True, plural(len(setting.changed), "file"))


def _now(setting: Setting, path: str) -> bytes | None:
    try:
        return setting.before.read(path)
    except FileNotFoundError:
        return None


def is_test(path: str) -> bool:
    """Say whether a file is a test, by its name and place: what tells whether a repair is right is never repaired."""
    *folders, name = path.split("/")
    by_name = name.startswith("test_") or name.endswith("_test.py") or name in ("conftest.py", "tests.py")
    return by_name or "tests" in folders or folders[:1] == ["test"]


async def consumers(setting: Setting) -> Said:
    """What only asks for the broken thing stays as it is, byte for byte."""
    return await asyncio.to_thread(_consumers, setting)


def _consumers(setting: Setting) -> Said:
    for path in setting.patch.site.consumers:
        real = setting.root / path
        if path in setting.changed:
            return Said(False, f"{path} is a consumer and must stay as it is")
        if real.is_file() and setting.after.read(path) != real.read_bytes():
            return Said(False, f"{path} is a consumer and differs in the trial")
    return Said(True, f"{len(setting.patch.site.consumers)} consumers unchanged")


async def size(setting: Setting) -> Said:
    """The change is as small as a repair of one interface is; what an earlier version had already does not count."""
    return await asyncio.to_thread(_size, setting)


def _size(setting: Setting) -> Said:
    lines = [line for line in setting.patch.diff.splitlines() if not line.startswith(("+++", "---"))]
    added = [line[1:] for line in lines if line.startswith("+")]
    removed = sum(line.startswith("-") for line in lines)
    limit = setting.context.largest_change
    detail = f"+{len(added)} -{removed} lines, {plural(len(setting.changed), 'file')}"
    if not lines and not any(edit.before is None for edit in setting.patch.edits):
        return Said(False, "the patch changes nothing")
    if len(added) + removed <= limit:
        return Said(True, detail)
    had = _earlier(setting)
    new = sum(line not in had for line in added)
    if new + removed > limit:
        return Said(False, f"{detail}; the limit is {limit} lines")
    return Said(True, f"{detail}, {len(added) - new} of them as they were before")


def _earlier(setting: Setting) -> set[str]:
    """Every line that an earlier version of a changed file had."""
    lines: set[str] = set()
    for path in setting.changed:
        for _, version in zip(range(EARLIER), setting.context.history.versions(path), strict=False):
            lines.update(version.text.splitlines())
    return lines
