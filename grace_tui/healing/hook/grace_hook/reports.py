"""The places in standard modules and test runners where failures pass by. Each changes one module once it is loaded.

A function that is put in the place of another one calls it with the same arguments and returns what it returns.
"""

from __future__ import annotations

import sys
import time

from . import catching
from .passing import look_first, replace

TYPE_CHECKING = False  # `typing` is not imported here: that alone would take most of the time that a start may cost
if TYPE_CHECKING:
    from typing import Any

_BETWEEN = frozenset({"traceback", __name__})
_ENDS_PROCESS = "multiprocessing.process"


# ---- the standard library


def of_threads(threading: Any) -> None:
    """An error that ends a thread, whoever has set `threading.excepthook`."""

    def make(original: Any) -> Any:
        def make_invoke_excepthook() -> Any:
            invoke = original()

            def invoke_excepthook(thread: Any) -> Any:
                catching.failed(sys.exc_info()[1])
                invoke(thread)

            return invoke_excepthook

        return make_invoke_excepthook

    replace(threading, "_make_invoke_excepthook", make)


def of_loops(events: Any) -> None:
    """An error of a task or a callback that nobody waited for."""

    def make(original: Any) -> Any:
        def call_exception_handler(self: Any, context: Any) -> Any:
            error = context.get("exception") if isinstance(context, dict) else None
            if isinstance(error, BaseException):
                catching.failed(error, handled=catching.testing())
            return original(self, context)

        return call_exception_handler

    replace(events.BaseEventLoop, "call_exception_handler", make)


def of_prints(traceback: Any) -> None:
    """An error that the program prints or logs by itself, and survives."""

    def make(original: Any) -> Any:
        def report(*args: Any, **kwargs: Any) -> Any:
            error = next((each for each in args[:2] if isinstance(each, BaseException)), kwargs.get("value"))
            if isinstance(error, BaseException):
                ends = _caller() == _ENDS_PROCESS
                catching.failed(error, fatal=ends, handled=not ends)
            return original(*args, **kwargs)

        return report

    replace(traceback, "print_exception", make)
    replace(traceback, "format_exception", make)


def _caller() -> str:
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame = frame.f_back  # type: ignore[assignment]
    return str(frame.f_globals.get("__name__")) if frame is not None else ""


def of_coroutines(warnings: Any) -> None:
    """A coroutine that nobody awaited: Python only warns of it."""

    original = getattr(warnings, "_warn_unawaited_coroutine", None)
    if original is not None:
        warnings._warn_unawaited_coroutine = look_first(original, _look_at_coroutine)


def _look_at_coroutine(coroutine: Any) -> None:
    catching.unawaited(coroutine, sys._getframe(2))  # behind `look_first` is the frame that let go of it


# ---- unittest


def of_unittest(module: Any) -> None:
    def start(original: Any) -> Any:
        def startTest(self: Any, test: Any) -> Any:
            state = catching.state()
            if state is not None and not state.tester:
                state.tester = "unittest"
                state.result = (id(self), time.perf_counter())
                catching.begin_test(_name(test))
            return original(self, test)

        return startTest

    def stop(original: Any) -> Any:
        def stopTest(self: Any, test: Any) -> Any:
            state = catching.state()
            if state is not None and state.result is not None and _is_outer(self):
                name = _name(test)
                catching.outcome(name, "passed", time.perf_counter() - state.result[1])
                catching.end_test(name)
                state.tester, state.result = "", None
            return original(self, test)

        return stopTest

    def bad(word: Any, at: Any) -> Any:
        def make(original: Any) -> Any:
            def add(self: Any, test: Any, *rest: Any) -> Any:
                _bad_test(self, test, rest[at] if len(rest) > at else None, word)
                return original(self, test, *rest)

            return add

        return make

    def good(word: Any) -> Any:
        def make(original: Any) -> Any:
            def add(self: Any, test: Any, *rest: Any) -> Any:
                if _is_outer(self):
                    catching.outcome(_name(test), word)
                return original(self, test, *rest)

            return add

        return make

    replace(module.TestResult, "startTest", start)
    replace(module.TestResult, "stopTest", stop)
    replace(module.TestResult, "addError", bad("error", 0))
    replace(module.TestResult, "addFailure", bad("failed", 0))
    replace(module.TestResult, "addSubTest", bad("failed", 1))
    replace(module.TestResult, "addSkip", good("skipped"))
    replace(module.TestResult, "addExpectedFailure", good("xfailed"))
    replace(module.TestResult, "addUnexpectedSuccess", good("failed"))


def _is_outer(result: Any) -> bool:
    """Whether this is the result of the test that runs, not one that the test made."""
    state = catching.state()
    return state is not None and state.result is not None and state.result[0] == id(result)


def _bad_test(result: Any, test: Any, error: Any, word: Any) -> None:
    state = catching.state()
    # A test that runs tests inside is about their failing; what fails outside a test is a fixture of a class or module.
    if error is None or state is None or (state.tester and not _is_outer(result)):
        return
    name = _name(test)
    catching.outcome(name, word)
    told = getattr(error[1], "_grace_told", None)
    if told is None:
        catching.failed(error[1], fatal=True, test=name)
    else:
        catching.keep(told, name)


def _name(test: Any) -> str:
    try:
        return str(test.id())
    except Exception:
        return type(test).__name__


def of_loader(module: Any) -> None:
    """A test module that cannot be imported becomes a test that fails with the text of the error; here is the error."""

    def make(original: Any) -> Any:
        def _make_failed_import_test(name: Any, suite_class: Any) -> Any:
            told = catching.told(sys.exc_info()[1])
            suite, message = original(name, suite_class)
            for test in suite:
                error = getattr(test, "_exception", None)
                if error is not None:
                    vars(error)["_grace_told"] = told
            return suite, message

        return _make_failed_import_test

    replace(module, "_make_failed_import_test", make)


# ---- pytest


def of_pytest(config: Any) -> None:
    from .in_pytest import plugin

    def make(original: Any) -> Any:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            state = catching.state()
            if state is not None and not state.tester:
                state.tester = "pytest"
                self.register(plugin(config.hookimpl), "grace_hook")

        return __init__

    def conftest(original: Any) -> Any:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            catching.ended(sys.exc_info()[1])
            original(self, *args, **kwargs)

        return __init__

    def usage(original: Any) -> Any:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            error = sys.exc_info()[1]
            if isinstance(error, ImportError):
                catching.ended(error)
            original(self, *args, **kwargs)

        return __init__

    replace(config.PytestPluginManager, "__init__", make)
    # What is wrong with a conftest.py or a plugin is printed, and pytest ends in an orderly way: it is seen here only.
    replace(config.ConftestImportFailure, "__init__", conftest)
    replace(config.UsageError, "__init__", usage)
