"""Looks at the machine: Python, inotify and the optional programs."""

import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from grace_tui.cli.doctor.finding import Finding, Level, judged

OLDEST, NEWEST = (3, 11), (3, 14)
INOTIFY = Path("/proc/sys/fs/inotify")
WATCHES, INSTANCES = 8192, 16
"""Fewer are soon used up by other programs of the same user."""
TOOLS = {
    "tmux": "keeps a terminal when a connection breaks (Debian: tmux)",
    "ssh": "reaches the room from another machine (Debian: openssh-client)",
    "unshare": "takes the network away from trials of a repair (Debian: util-linux)",
}


def machine_findings(inotify: Path = INOTIFY) -> Iterator[Finding]:
    yield python_version(sys.version_info[:2])
    yield from inotify_limits(inotify)
    for tool, use in TOOLS.items():
        path = shutil.which(tool)
        yield judged(tool, path or "not found", None if path else "warn", f"optional: {use}")


def python_version(version: tuple[int, ...]) -> Finding:
    problem: Level | None = None if OLDEST <= version <= NEWEST else "bad" if version < OLDEST else "warn"
    advice = f"use Python {'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}"
    return judged("python", f"{'.'.join(map(str, version))} ({platform.python_implementation()})", problem, advice)


def inotify_limits(folder: Path) -> Iterator[Finding]:
    """How many files may be watched; nothing to say where the system has another way to watch."""
    for name, least in (("max_user_watches", WATCHES), ("max_user_instances", INSTANCES)):
        file = folder / name
        if file.exists():
            found = int(file.read_text())
            advice = f"raise it as root: sysctl fs.inotify.{name}={least * 8}"
            yield judged(f"inotify {name}", str(found), None if found >= least else "warn", advice)
