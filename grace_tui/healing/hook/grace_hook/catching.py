"""What the watchers tell when something fails: once each, contained, and with the standard library that was meant.

`watch` is called at the start; the rest by `surfaces`, `reports` and `in_pytest`. Nothing here lets an error out into
the program. What is imported at the moment of a failure comes from the standard library, also where the program has
files of the same names.
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
_BAD = ("failed", "error")
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
        self.result: tuple[int, float] | None = None
        """Of unittest: the identity of the result that the running test reports to, and when it began."""
        self.test = ""
        self.tests: dict[str, dict[str, Any]] = {}
        self.held: list[Any] = []
        """What a running test reported and went on from: written if the test fails."""


def watch(folder: str) -> None:
    global _state
    _state = State(folder)
    inside = os.path.dirname(os.__file__)
    _STANDARD[:] = [each for each in sys.path if each.startswith(inside) and "site-packages" not in each]
    from . import surfaces

    surfaces.install()


def state() -> State | None:
    return _state


def testing() -> bool:
    """Whether a test runs in this process."""
    return _state is not None and bool(_state.test)


# ---- failures


def failed(error: BaseException | None, *, fatal: bool = False, handled: bool = False, test: str = "") -> None:
    """Record a failure, once."""
    if isinstance(error, BaseException) and type(error).__name__ not in _SILENT:
        _contained(_record, error, fatal, handled, test)


def ended(error: BaseException | None) -> None:
    """Record what ends the program in an orderly way; inside a test that may be what the test is about."""
    failed(error, fatal=not testing(), handled=testing())


def told(error: BaseException | None) -> Any:
    """Describe a failure that may turn out to be one of a test; it is not reported before `keep`."""
    return _contained(_describe, error) or []


def keep(plains: Any, test: str) -> None:
    """Write what `told` described, as failures of that test."""
    for plain in plains:
        plain["process"]["test"] = test
    _contained(_keep, plains)


def unawaited(coroutine: object, frame: object) -> None:
    """Record that a coroutine was never awaited; the frame is the one that let go of it, as far as can be known."""
    _contained(_unawaited, coroutine, frame)


def put(name: str, plain: object) -> None:
    """Write `PID-name.json`."""
    if plain:
        _contained(_put, f"{os.getpid()}-{name}.json", plain)


# ---- tests


def begin_test(name: str) -> None:
    if _state is not None:
        _state.test = name
        _state.held = []
        _state.handled = 0
        _state.seen.clear()


def outcome(test: str, word: str, seconds: float = 0.0) -> None:
    """Note how a test ended; a bad end stays, whatever the later phases say."""
    if _state is None:
        return
    known = _state.tests.setdefault(test, {"outcome": word, "seconds": 0.0})
    if word in _BAD or known["outcome"] == "passed":
        known["outcome"] = word
    known["seconds"] += seconds


def end_test(name: str) -> None:
    """What the test reported is evidence only where the test failed."""
    if _state is None:
        return
    held, _state.held, _state.test = _state.held, [], ""
    if held and _state.tests.get(name, {}).get("outcome") in _BAD:
        _contained(_keep, held)


# ---- the work, inside


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
    plains = _evidence(state).told(error, fatal=fatal, handled=handled, test=test or state.test)
    if handled and state.test:
        state.held.extend(plains)
    else:
        _keep(state, plains)


def _key(error: BaseException) -> tuple[object, ...]:
    """Tells one failure from another without keeping it alive. Entries are only ever added before the last one."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = (id(trace.tb_frame.f_code), trace.tb_lineno) if trace is not None else ()
    return (id(error), type(error).__name__, *at)


def _describe(state: State, error: BaseException | None) -> Any:
    if error is None:
        return []
    state.seen[_key(error)] = True
    return _evidence(state).told(error, fatal=True, handled=False, test="")


def _keep(state: State, plains: Any) -> None:
    for plain in plains:
        _evidence(state).keep(plain)


def _unawaited(state: State, coroutine: object, frame: object) -> None:
    _keep(state, _evidence(state).unawaited(coroutine, frame, test=state.test))


def _put(state: State, name: str, plain: object) -> None:
    from .files import put as put_file

    put_file(state.folder, name, plain)


def _evidence(state: State) -> Any:
    if state.evidence is None:
        from .record import Evidence

        state.evidence = Evidence(state.folder)
    return state.evidence


# ---- containment


def _contained(work: Any, *args: Any) -> Any:
    """Do some of the hook's own work; an error of it is told beside the evidence, and ends here."""
    if _state is None:
        return None
    try:
        return _standing_alone(work, _state, *args)
    except BaseException as own:
        trouble(work.__name__.strip("_"), own)
        return None


def _standing_alone(work: Any, *args: Any) -> Any:
    added = list(_STANDARD)
    sys.path[:0] = added
    try:
        return work(*args)
    finally:
        if sys.path[: len(added)] == added:
            del sys.path[: len(added)]


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
