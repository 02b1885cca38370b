"""Makes a failure happen again, or not, in a copy of the workspace: a kernel's start, or a person's command."""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.process import Command, Completed, Limits, run

LIMITS = Limits(cpu_seconds=60, seconds=40.0, network=False)
WATCHED_PHASES = ("run", "heartbeat")
WATCH_SECONDS = 1.0

_ERROR_LINE = re.compile(r"^(?:\w+\.)*(?P<kind>[A-Z]\w*)(?:: (?P<message>.*))?$")
_STEADY = re.compile(r"""[^\s'"()]*/[^\s'"()]*|0x[0-9a-f]+|\d+""")
"""What may differ between two runs of one failure: paths, addresses, numbers."""


@dataclass(frozen=True, slots=True)
class Outcome:
    ok: bool
    kind: str = ""
    message: str = ""

    @property
    def text(self) -> str:
        return "it ran" if self.ok else f"{self.kind}: {self.message}" if self.message else self.kind

    def shows(self, failure: Failure) -> bool:
        """True where this is the same failure; paths, addresses and numbers in the message may differ."""
        same = _STEADY.sub("·", self.message) == _STEADY.sub("·", failure.message)
        return not self.ok and self.kind == failure.kind and same


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How to make the failure happen: start the kernel; or, where `command` is given, run that instead."""

    kernel: str
    phase: str = ""
    command: tuple[str, ...] = ()
    root: Path | None = None
    """With a command: paths below this folder are read in the copy."""
    seconds: float = LIMITS.seconds


async def reproduce(reproduction: Reproduction, copy: Path, provider: str = "") -> Outcome:
    """Run the reproduction in `copy`; `provider` names a kernel's file that is started along."""
    limits = Limits(LIMITS.cpu_seconds, seconds=reproduction.seconds, network=False)
    if reproduction.command:
        done = await run(Command(_moved(reproduction, copy), copy, limits))
        return _of_command(done)
    argv = [
        sys.executable,
        "-m",
        "grace_tui.healing.repair.replay",
        "--root",
        str(copy),
        "--kernel",
        reproduction.kernel,
    ]
    argv += ["--with", provider] if provider else []
    argv += ["--watch", str(WATCH_SECONDS)] if reproduction.phase in WATCHED_PHASES else []
    return _of_kernel(await run(Command(argv, copy, limits)))


def _moved(reproduction: Reproduction, copy: Path) -> Sequence[str]:
    root = str(reproduction.root.resolve()) if reproduction.root else ""
    return [part.replace(root, str(copy)) if root else part for part in reproduction.command]


def _of_kernel(done: Completed) -> Outcome:
    if done.timed_out:
        return Outcome(False, "TimeoutError", f"no end within {done.seconds:.0f} s")
    lines = done.stdout.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else {}
    except ValueError:
        answer = {}
    if "started" not in answer:
        return Outcome(False, "ReplayBroken", done.last_line)
    return Outcome(answer["started"], answer["kind"], answer["message"])


def _of_command(done: Completed) -> Outcome:
    if done.timed_out:
        return Outcome(False, "TimeoutError", f"no end within {done.seconds:.0f} s")
    if done.exit_code == 0:
        return Outcome(True)
    for line in reversed(done.stderr.strip().splitlines()):
        if match := _ERROR_LINE.match(line):
            return Outcome(False, match["kind"], match["message"] or "")
    return Outcome(False, "ExitCode", done.last_line)
