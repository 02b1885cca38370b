"""Installs a distribution that the command misses, where that was allowed: for real, with the Python that missed it."""

import sys
from pathlib import Path

from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.process import Command, Limits, run

LIMITS = Limits(cpu_seconds=None, memory_bytes=None, file_bytes=None, seconds=300.0)


def wants_install(patch: Patch) -> str:
    """The distribution that this patch is about; empty for one that changes files."""
    return patch.site.asked[0] if patch.operator == "missing_distribution" and not patch.edits else ""


async def install(distribution: str, python: str, folder: Path) -> str:
    """Why it could not be installed; empty where it was."""
    return await _pip(python, folder, "install", distribution)


async def uninstall(distribution: str, python: str, folder: Path) -> str:
    """Take it away again; what came with it stays."""
    return await _pip(python, folder, "uninstall", "--yes", distribution)


async def _pip(python: str, folder: Path, *words: str) -> str:
    argv = [python or sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *words]
    done = await run(Command(argv, folder, LIMITS, inherit=True))
    return done.last_line if done.exit_code or done.timed_out else ""
