"""Where failures surface in a program, and how each of these places is watched without the program's notice.

`watch` is called once, at the start; all it does is to put a few functions in place. What is imported at the moment of
a failure comes from the standard library, also where the program has files of the same names.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` is not imported here: that alone would take most of the time that a start may cost
if TYPE_CHECKING:
    from typing import Any

_SILENT = ("SystemExit", "KeyboardInterrupt", "GeneratorExit")
_MOST_HANDLED = 50
"""Failures that were reported and survived, of one process or one test: more tell nothing new, and cost time."""
_MOST_SEEN = 1000
_STANDARD: list[str] = []
_state: State | None = None


class State:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.evidence: Any = None
        """A `record.Evidence`, which is imported when it is needed."""
        self.seen: dict[tuple[object, ...], bool] = {}
        self.handled = 0
        self.tester = ""
        """The test runner at work in this process: pytest, unittest or none."""
        self.test = ""
        self.tests: dict[str, dict[str, object]] = {}
        self.held: list[Any] = []
        """What a running test reported and went on from: written if the test fails."""


def watch(folder: str) -> None:
    global _state
    _state = State(folder)
    inside = os.path.dirname(os.__file__)
    _STANDARD[:] = [each for each in sys.path if each.startswith(inside) and "site-packages" not in each]
    from . import surfaces

    surfaces.install()


def failed(error: BaseException | None, *, fatal: bool = False, handled: bool = False, test: str = "") -> None:
    """Record a failure, once; contains whatever goes wrong here."""
    state = _state
    if state is None or error is None or type(error).__name__ in _SILENT:
        return
    try:
        _record(state, error, fatal, handled, test)
    except BaseException as own:
        trouble("record", own)


def _record(state: State, error: BaseException, fatal: bool, handled: bool, test: str) -> None:
    key = _key(error)
    if key in state.seen and (state.seen[key] or not fatal):
        return
    if handled:
        state.handled += 1
        if state.handled > _MOST_HANDLED:
            return
    if len(state.seen) > _MOST_SEEN:
        state.seen.clear()
    state.seen[key] = fatal
    evidence = evidence_of(state)
    told = evidence.told(error, fatal=fatal, handled=handled, test=test or state.test)
    if handled and state.test:
        state.held.extend(told)
        return
    for plain in told:
        evidence.keep(plain)


def _key(error: BaseException) -> tuple[object, ...]:
    """Tells one failure from another without keeping it alive. Entries are only ever added before the last one."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = (id(trace.tb_frame.f_code), trace.tb_lineno) if trace is not None else ()
    return (id(error), type(error).__name__, *at)


def evidence_of(state: State) -> Any:
    """The `record.Evidence` of this process."""
    if state.evidence is None:
        state.evidence = _standing_alone(_evidence, state.folder)
    return state.evidence


def _standing_alone(make: Any, *args: Any) -> Any:
    """Import with the standard library first: the program may have files of the same names."""
    added = list(_STANDARD)
    sys.path[:0] = added
    try:
        return make(*args)
    finally:
        if sys.path[: len(added)] == added:
            del sys.path[: len(added)]


def _evidence(folder: str) -> Any:
    from .record import Evidence

    return Evidence(folder)


def _put(folder: str, name: str, plain: object) -> None:
    from .files import put as put_file

    put_file(folder, name, plain)


def begin_test(name: str) -> None:
    if _state is not None:
        _state.test = name
        _state.held = []
        _state.handled = 0
        _state.seen.clear()


def end_test(bad: bool) -> None:
    """What the test reported is evidence only where the test failed."""
    state = _state
    if state is None:
        return
    held, state.held, state.test = state.held, [], ""
    if bad and held:
        try:
            for plain in held:
                evidence_of(state).keep(plain)
        except BaseException as own:
            trouble("end_test", own)


def told(error: BaseException | None) -> Any:
    """Describe a failure that may turn out to be one of a test; it is not reported before `keep`."""
    if _state is None or error is None:
        return []
    try:
        _state.seen[_key(error)] = True
        return evidence_of(_state).told(error, fatal=True, handled=False, test="")
    except BaseException as own:
        trouble("told", own)
        return []


def keep(told: Any, test: str) -> None:
    """Write what `told` described, as failures of that test."""
    if _state is None:
        return
    try:
        for plain in told:
            plain["process"]["test"] = test
            evidence_of(_state).keep(plain)
    except BaseException as own:
        trouble("keep", own)


def unawaited(coroutine: object, frame: object) -> None:
    """Record that a coroutine was never awaited; the frame is the one that let go of it, as far as can be known."""
    if _state is None:
        return
    try:
        evidence = evidence_of(_state)
        for plain in evidence.unawaited(coroutine, frame, test=_state.test):
            evidence.keep(plain)
    except BaseException as own:
        trouble("unawaited", own)


def outcome(test: str, word: str, seconds: float = 0.0) -> None:
    """Note how a test ended; a bad end stays, whatever the later phases say."""
    if _state is None:
        return
    known = _state.tests.setdefault(test, {"outcome": word, "seconds": 0.0})
    if word in ("failed", "error") or known["outcome"] == "passed":
        known["outcome"] = word
    known["seconds"] = float(known["seconds"]) + seconds  # type: ignore[arg-type]


def put(name: str, plain: object) -> None:
    """Write `PID-name.json`."""
    if _state is not None and plain:
        try:
            _standing_alone(_put, _state.folder, f"{os.getpid()}-{name}.json", plain)
        except BaseException as own:
            trouble(name, own)


def testing() -> bool:
    """Whether a test runs: there, what is reported or ends in `sys.exit` may be what the test is about."""
    return _state is not None and bool(_state.test)


def state() -> State | None:
    return _state


def trouble(where: str, error: BaseException) -> None:
    """Tell of a failure of the hook itself, where whoever reads the evidence finds it, never in the output."""
    lines = [f"{where}: {type(error).__name__}: {error!s}"]
    trace = error.__traceback__
    while trace is not None:
        lines.append(f"  {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno} {trace.tb_frame.f_code.co_name}")
        trace = trace.tb_next
    try:
        folder = _state.folder if _state is not None else os.environ.get("GRACE_EVIDENCE", "")
        with open(os.path.join(folder, f"{os.getpid()}-hook-error.txt"), "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return  # the folder is gone: nobody reads it any more
