"""The evidence of other programs: how to have a program record its failures, and what it recorded.

`hooked` gives the environment to start a program with, `read_recorded` the failures that it and its children left in
the folder, `failures_in_text` those of a program that could not be hooked (`python -I`, `-E`, `-S`, another language's
process in between), from what it printed. Used by the trial, by `heal` and by `preflight`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from grace_tui.healing import hook
from grace_tui.healing.failure import Callee, Failure, Frame, Subject
from grace_tui.healing.incidents.codec import from_plain
from grace_tui.healing.incidents.places import place, without_root
from grace_tui.healing.incidents.printed import failure_in
from grace_tui.kernel.redact import redact
from grace_tui.kernel.tracebacks import Printed, TracebackFinder

HOOK = Path(hook.__file__).parent
"""The folder that goes first on a program's PYTHONPATH."""
PHASE = "command"


@dataclass(frozen=True, slots=True)
class Process:
    """The program in which something failed."""

    argv: tuple[str, ...] = ()
    python: str = ""
    version: str = ""
    prefix: str = ""
    base_prefix: str = ""
    stdlib: str = ""
    path: tuple[str, ...] = ()
    """Its `sys.path`."""
    cwd: str = ""
    pid: int = 0
    parent: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    failure: Failure
    process: Process
    test: str = ""
    """Node id of the test that failed; of the test that started this process, in a process of a test."""
    fatal: bool = False
    """It ended the process, or failed the test."""
    handled: bool = False
    """The program printed or logged it and went on, or it is the cause of another one."""


@dataclass(frozen=True, slots=True)
class TestOutcome:
    __test__ = False  # not a test, whatever pytest thinks of its name

    outcome: str
    """passed, failed, error, skipped, xfailed or xpassed."""
    seconds: float = 0.0

    @property
    def bad(self) -> bool:
        return self.outcome in ("failed", "error")


def hooked(folder: Path, root: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What to add to `environment` so that a Python program started in it records its failures in `folder`.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = [str(HOOK), *filter(None, [environment.get("PYTHONPATH", "")])]
    return {
        "GRACE_EVIDENCE": str(folder.resolve()),
        "GRACE_ROOT": str(root.resolve()),
        "PYTHONPATH": os.pathsep.join(path),
    }


def read_recorded(folder: Path, root: Path) -> tuple[Recorded, ...]:
    """The failures in the folder, in the order in which they happened; files are told as seen from `root`.

    A failure that was reported first and then ended its process or test is told once, as the latter. What failed in a
    process, or a thread, of a test that passed is what that test is about.
    """
    tests = read_tests(folder)
    found = sorted((_judged(each, tests) for each in _read(folder, root)), key=lambda each: each.failure.at)
    fatal = {_same(each) for each in found if each.fatal}
    return tuple(each for each in found if each.fatal or _same(each) not in fatal)


def _judged(recorded: Recorded, tests: Mapping[str, TestOutcome]) -> Recorded:
    passed = recorded.test in tests and not tests[recorded.test].bad
    return replace(recorded, fatal=False, handled=True) if passed else recorded


def read_tests(folder: Path) -> dict[str, TestOutcome]:
    """How each test ended, by its node id; the worse where several processes tell of one."""
    tests: dict[str, TestOutcome] = {}
    for path in sorted(folder.glob("*-tests*.json")):
        for name, told in _json(path).items():
            outcome = msgspec.convert(told, TestOutcome)
            if name not in tests or not tests[name].bad:
                tests[name] = outcome
    return tests


def read_modules(folder: Path, root: Path) -> tuple[str, ...]:
    """Files of the tree that any of the processes had imported when it ended."""
    files = {file for path in folder.glob("*-modules*.json") for file in _json(path)}
    return tuple(sorted(shown for shown, own in (place(file, root) for file in files) if own))


def hook_errors(folder: Path) -> str:
    """What went wrong with the recording itself; empty where nothing did."""
    return "\n".join(path.read_text(errors="replace").strip() for path in sorted(folder.glob("*-hook-error.txt")))


def failures_in_text(text: str, root: Path) -> tuple[Failure, ...]:
    """The failures of the tracebacks that a program printed, in their order: the fallback, which knows no objects."""
    finder = TracebackFinder()
    printed = [found for line in text.splitlines() if (found := finder.feed(line)) is not None]
    last = finder.finish()
    return tuple(_of_text([*printed, *([last] if last is not None else [])], root))


def _of_text(printed: list[Printed], root: Path) -> Iterator[Failure]:
    for each in printed:
        failure = failure_in(each.text, kernel="", phase=PHASE, root=root, at=0.0)
        if failure is not None:
            yield replace(
                failure,
                message=_safe(failure.message, root),
                frames=tuple(replace(frame, source=redact(frame.source)) for frame in failure.frames),
                chain=tuple((kind, _safe(message, root)) for kind, message in failure.chain),
            )


# ---- from the files to failures


def _read(folder: Path, root: Path) -> Iterator[Recorded]:
    for path in folder.glob("*.json"):
        if path.name.startswith(".") or not path.stem.replace("-", "").isdigit():
            continue
        yield recorded(_json(path), root)


def recorded(plain: Mapping[str, Any], root: Path) -> Recorded:
    """One failure as the hook describes it; files are told as seen from `root`."""
    about: Mapping[str, Any] = plain.get("process", {})
    process = msgspec.convert(about, Process)
    return Recorded(
        _placed(from_plain(plain), root, _Libraries(process, root)),
        process,
        str(about.get("test", "")),
        bool(about.get("fatal")),
        bool(about.get("handled")),
    )


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _same(recorded: Recorded) -> tuple[object, ...]:
    failure = recorded.failure
    return failure.kind, failure.message, failure.frames[-1:], recorded.process.pid


class _Libraries:
    """What lies below the root and is not the project's own: the environments, and the Python, that the program had."""

    def __init__(self, process: Process, root: Path) -> None:
        self.root = root
        inside = os.path.join(os.path.realpath(root), "")
        folders = {os.path.realpath(each) for each in (process.prefix, process.base_prefix, process.stdlib) if each}
        self.folders = tuple(os.path.join(each, "") for each in folders if each.startswith(inside))

    def place(self, file: str) -> tuple[str, bool]:
        shown, own = place(file, self.root)
        return shown, own and not os.path.realpath(file).startswith(self.folders or ("\0",))


def _placed(failure: Failure, root: Path, libraries: _Libraries) -> Failure:
    callee, subject, missing = failure.callee, failure.subject, failure.missing
    return replace(
        failure,
        phase=PHASE,
        message=_safe(failure.message, root),
        frames=tuple(_frame(frame, libraries) for frame in failure.frames),
        chain=tuple((kind, _safe(message, root)) for kind, message in failure.chain),
        callee=None if callee is None else _callee(callee, libraries),
        missing=None if missing is None else (missing[0], missing[1], libraries.place(missing[2])[0]),
        subject=None if subject is None else _subject(subject, libraries),
        touched=tuple(_callee(each, libraries) for each in failure.touched if libraries.place(each.file)[1]),
    )


def _frame(frame: Frame, libraries: _Libraries) -> Frame:
    file, own = libraries.place(frame.file)
    source = redact(frame.source) if own else ""
    return replace(frame, file=file, in_project=own, source=source, expression=redact(frame.expression) if own else "")


def _callee(callee: Callee, libraries: _Libraries) -> Callee:
    return replace(callee, file=libraries.place(callee.file)[0], signature=redact(callee.signature))


def _subject(subject: Subject, libraries: _Libraries) -> Subject:
    bases = tuple((module, name, libraries.place(file)[0]) for module, name, file in subject.bases)
    return replace(subject, file=libraries.place(subject.file)[0], bases=bases)


def _safe(text: str, root: Path) -> str:
    return redact(without_root(text.encode("utf-8", "backslashreplace").decode(), root))
