"""Looks at the workspace: found, settings valid, state private, room for data, every kernel file compiles."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from grace_tui import __version__
from grace_tui.cli.doctor.finding import Finding, Level, judged
from grace_tui.cli.opening import is_open
from grace_tui.cli.text import size
from grace_tui.healing.incidents.signature import RULES_FILE, RuleFileError, load_rules
from grace_tui.kernel.spelling import plural
from grace_tui.settings import SettingsError, load_settings
from grace_tui.workspace import Workspace, default_workspace, kernel_names, shipped

SCARCE, FULL = 1 << 30, 100 << 20
"""Free bytes under which the disk is a worry, and too full to work."""


def workspace_findings(workspace: Workspace) -> Iterator[Finding]:
    if not workspace.exists:
        where = "opening a room makes it" if workspace == default_workspace() else "make it with `grace-tui new`"
        yield Finding("workspace", "ok", f"{workspace.root}, not made yet", where)
        return
    yield Finding("workspace", "ok", str(workspace.root))
    yield settings(workspace.settings_file)
    yield from grouping(workspace.root / RULES_FILE)
    yield state_folder(workspace.state)
    yield free_disk(shutil.disk_usage(workspace.root).free)
    yield kernel_files(workspace.kernels)
    yield from shipped_kernels(workspace.kernels, shipped() / "kernels")
    yield Finding("room", "ok", "open" if is_open(workspace.socket) else "not open")


def settings(path: Path) -> Finding:
    if not path.exists():
        return Finding("settings", "ok", f"no {path.name}; the defaults hold")
    try:
        load_settings(path)
    except SettingsError as error:
        return Finding("settings", "bad", str(error), f"correct {path.name}")
    return Finding("settings", "ok", path.name)


def grouping(path: Path) -> Iterator[Finding]:
    """The user's rules of grouping, where there are any."""
    try:
        rules = load_rules(path)
    except RuleFileError as error:
        yield Finding("grouping", "bad", str(error), f"correct {path.name}")
    else:
        if rules:
            yield Finding("grouping", "ok", f"{plural(len(rules), 'rule')} in {path.name}")


def state_folder(path: Path) -> Finding:
    if not path.exists():
        return Finding("state", "ok", f"{path.name}/, not made yet")
    found = path.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        return Finding("state", "bad", f"{path.name} is not a folder of yours", f"move {path} away")
    return judged("state", f"{path.name}/ mode {mode:04o}", "bad" if mode & 0o077 else None, f"chmod 700 {path}")


def free_disk(free: int) -> Finding:
    problem: Level | None = "bad" if free < FULL else "warn" if free < SCARCE else None
    return judged("free disk", size(free), problem, f"free at least {size(SCARCE)}: logs, audit and snapshots grow")


def kernel_files(folder: Path) -> Finding:
    """Compile every file of the kernels, in memory."""
    files = sorted(folder.rglob("*.py"))
    broken = [problem for file in files if (problem := _compile(file, folder.parent))]
    if broken:
        return Finding("kernel files", "bad", "; ".join(broken), "correct them; the room opens without these kernels")
    return Finding("kernel files", "ok", f"{len(files)} compile")


def shipped_kernels(own: Path, theirs: Path) -> Iterator[Finding]:
    """The workspace's kernels against those of the installed version; one that keeps none of them is its own."""
    names, here = set(kernel_names(theirs.parent)), set(kernel_names(own.parent))
    if own.resolve() == theirs.resolve() or not names & here:
        return
    if missing := sorted(names - here):
        advice = f"copy what you miss from {theirs}"
        yield Finding("shipped kernels", "warn", f"{', '.join(missing)} of {__version__} not here", advice)
    if other := sorted(name for name in names & here if _content(own, name) != _content(theirs, name)):
        advice = f"yours, repaired, or of another version; compare with {theirs}"
        yield Finding("changed kernels", "ok", f"{', '.join(other)} not as in {__version__}", advice)
    if not missing and not other:
        yield Finding("shipped kernels", "ok", f"{len(names)}, all as in {__version__}")


def _content(kernels: Path, name: str) -> dict[str, bytes]:
    """A kernel's file, or every file of its folder."""
    folder = kernels / name
    files = folder.rglob("*.py") if folder.is_dir() else [kernels / f"{name}.py"]
    return {f"{file.relative_to(kernels)}": file.read_bytes() for file in files}


def _compile(file: Path, root: Path) -> str:
    name = file.relative_to(root)
    try:
        compile(file.read_bytes(), str(name), "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"{name}{f':{error.lineno}' if error.lineno else ''}: {error.msg}"
    except (OSError, ValueError) as error:
        return f"{name}: {error}"
    return ""
