"""The plugin that pytest gets without being asked: what failed, in which test, and how every test ended.

Failures of tests, fixtures and imports never leave pytest, which describes them as text. A wrapper around the making of
its reports sees the exceptions themselves.
"""

from __future__ import annotations

from . import catching

TYPE_CHECKING = False  # `typing` is not imported here: that alone would take most of the time that a start may cost
if TYPE_CHECKING:
    from typing import Any


def plugin(hookimpl: Any) -> Any:
    """The plugin object; `hookimpl` is pytest's own marker."""

    class GraceHook:
        def pytest_runtest_logstart(self, nodeid: Any) -> None:
            catching.begin_test(nodeid)

        def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
            outcome = yield
            report = outcome.get_result()
            if report.failed and call.excinfo is not None:
                catching.failed(call.excinfo.value, fatal=True, test=item.nodeid)

        def pytest_runtest_logreport(self, report: Any) -> None:
            catching.outcome(report.nodeid, _word(report), getattr(report, "duration", 0.0))

        def pytest_runtest_logfinish(self, nodeid: Any) -> None:
            catching.end_test(nodeid)

        def pytest_make_collect_report(self, collector: Any) -> Any:
            outcome = yield
            report = outcome.get_result()
            call = getattr(report, "call", None)
            if report.failed:
                catching.outcome(report.nodeid, "error")
                if call is not None and call.excinfo is not None:
                    catching.failed(_collecting(call.excinfo.value), fatal=True, test=report.nodeid)

        def pytest_internalerror(self, excinfo: Any) -> None:
            catching.failed(_collecting(excinfo.value), fatal=True)

        def pytest_unconfigure(self) -> None:
            state = catching.state()
            if state is not None:
                state.tester = ""
                catching.put("tests", state.tests)
                state.tests = {}

    # Outside of the wrappers that make an expected failure of one.
    for wrapper in (GraceHook.pytest_runtest_makereport, GraceHook.pytest_make_collect_report):
        hookimpl(hookwrapper=True, tryfirst=True)(wrapper)
    hookimpl(trylast=True)(GraceHook.pytest_unconfigure)
    return GraceHook()


def _word(report: Any) -> str:
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    return "skipped" if report.skipped else "passed"


def _collecting(error: Any) -> Any:
    """What is wrong with a test module or a conftest.py: pytest wraps that in an error of its own."""
    if type(error).__name__ in ("CollectError", "ConftestImportFailure"):
        told = getattr(error, "excinfo", None)
        inner = error.__cause__ or getattr(error, "cause", None) or error.__context__
        return inner or (told[1] if isinstance(told, tuple) else error)
    return error
