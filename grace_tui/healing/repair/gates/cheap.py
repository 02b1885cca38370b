"""The gates that need no subprocess: does it compile, does it stay in its bounds, is it small?"""

import asyncio
from pathlib import Path

from grace_tui.disk import digest, file_digest
from grace_tui.healing.repair.gates.setting import Said, Setting
from grace_tui.kernel.spelling import plural


async def compiles(setting: Setting) -> Said:
    """Every changed file compiles."""
    for edit in setting.patch.edits:
        try:
            await asyncio.to_thread(compile, edit.after, edit.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            return Said(False, f"{edit.path}: {error}")
    return Said(True, ", ".join(setting.changed))


async def paths(setting: Setting) -> Said:
    """Only allowed files change, each is still as the patch expects it, and no consumer is among them."""
    return await asyncio.to_thread(_paths, setting)


def _paths(setting: Setting) -> Said:
    for edit in setting.patch.edits:
        if not setting.tree.allows(edit.path):
            return Said(False, f"{edit.path} is not among the files a repair may change")
        if edit.path in setting.patch.site.consumers:
            return Said(False, f"{edit.path} is a consumer and must stay as it is")
        expected = "" if edit.before is None else digest(edit.before.encode())
        if file_digest(setting.root / edit.path) != expected:
            return Said(False, f"{edit.path} changed while the repair was prepared")
    for path in setting.patch.site.consumers:
        if not _same(setting.root / path, setting.after / path):
            return Said(False, f"{path} is a consumer and differs in the trial")
    return Said(True, f"{len(setting.patch.site.consumers)} consumers unchanged")


def _same(real: Path, trial: Path) -> bool:
    """True also for a consumer outside the trial: nothing there can change it."""
    return not trial.exists() or file_digest(real) == file_digest(trial)


async def size(setting: Setting) -> Said:
    """The change is as small as a repair of one interface is."""
    lines = [line for line in setting.patch.diff.splitlines() if not line.startswith(("+++", "---"))]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    detail = f"+{added} -{removed} lines, {plural(len(setting.changed), 'file')}"
    if added + removed > setting.largest_change:
        return Said(False, f"{detail}; the limit is {setting.largest_change} lines")
    return Said(True, detail) if lines else Said(False, "the patch changes nothing")
