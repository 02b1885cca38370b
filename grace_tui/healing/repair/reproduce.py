"""Makes a failure happen again, or not, in a trial of the workspace: a kernel's start, or a person's command."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.places import without_root
from grace_tui.healing.repair.process import Completed, Limits
from grace_tui.healing.repair.trial import Trial
from grace_tui.kernel.redact import redact
from grace_tui.kernel.tracebacks import Printed, TracebackFinder

LIMITS = Limits(cpu_seconds=60, seconds=40.0, network=False)
WATCHED_PHASES = ("run", "heartbeat")
WATCH_SECONDS = 1.0
SURVIVES = 4.0
"""Seconds after which a program that is meant to go on is well; one that fails later cannot be tried."""
GOES_ON = "output"
"""The phase of a failure that a program printed and survived."""

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
    folder: str = "."
    """Where a command is run, relative to the workspace."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Its environment, besides the little that any trial gets."""
    survives: float = 0.0
    """Seconds after which a command that still runs is well; 0: it has to end."""
    seconds: float = LIMITS.seconds


async def reproduce(reproduction: Reproduction, trial: Trial, provider: str = "") -> Outcome:
    """Run the reproduction in a trial; `provider` names a kernel's file that is started along."""
    seconds = reproduction.survives or reproduction.seconds
    limits = Limits(LIMITS.cpu_seconds, seconds=seconds, network=False)
    if reproduction.command:
        argv, folder, env = list(reproduction.command), reproduction.folder, reproduction.variables
        ran = await trial.run(argv, folder=folder, env=env, limits=limits, clean=True)
        return _of_command(ran.completed, reproduction, trial.root)
    argv = [sys.executable, "-m", "grace_tui.healing.repair.replay", "--root", str(trial.root)]
    argv += ["--kernel", reproduction.kernel]
    argv += ["--with", provider] if provider else []
    argv += ["--watch", str(WATCH_SECONDS)] if reproduction.phase in WATCHED_PHASES else []
    return _of_kernel((await trial.run(argv, limits=limits, clean=True)).completed)


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


def _of_command(done: Completed, reproduction: Reproduction, root: Path) -> Outcome:
    if done.timed_out and not reproduction.survives:
        return Outcome(False, "TimeoutError", f"no end within {done.seconds:.0f} s")
    printed = _last_printed(done.stderr)
    if printed is not None and reproduction.phase == GOES_ON:
        return Outcome(False, printed.kind, redact(without_root(printed.message, root)))
    if done.timed_out or done.exit_code == 0:
        return Outcome(True)
    if printed is not None:
        return Outcome(False, printed.kind, redact(without_root(printed.message, root)))
    return Outcome(False, "ExitCode", done.last_line)


def _last_printed(text: str) -> Printed | None:
    finder = TracebackFinder()
    last: Printed | None = None
    for line in text.splitlines():
        last = finder.feed(line) or last
    return finder.finish() or last
