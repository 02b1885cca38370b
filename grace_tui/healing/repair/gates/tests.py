"""The test gate: the tree's own tests of what the change concerns, in the trial, nearest first, for a bounded time."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from grace_tui.healing.repair.gates.impact import Concerned, concerned_tests
from grace_tui.healing.repair.gates.runner import Results, run_files, run_files_as_usual, together
from grace_tui.healing.repair.gates.setting import Said, Setting
from grace_tui.healing.repair.trial import Trial
from grace_tui.kernel.spelling import plural

FIRST_FILES = 6
"""Test files of the first turn in a project; each further turn runs twice as many, while there is time."""


async def tests(setting: Setting) -> Said:
    """Run the concerned test files. A test that fails in the same words without the patch is another fault's."""
    concerned = await asyncio.to_thread(concerned_tests, setting)
    return await (_of_kernels if concerned.of_kernels else _of_project)(setting, concerned)


async def _of_kernels(setting: Setting, concerned: Concerned) -> Said:
    files, failure = [*concerned.own, *concerned.others], setting.context.failure
    if not files:
        kernel = failure.kernel if failure else "the change"
        return Said(None, f"no tests/kernels/test_*.py for {kernel} or {setting.patch.site.provider}")
    names = ", ".join(Path(path).stem.removeprefix("test_") for path in files)
    patched = await _side_by_side(setting.after, concerned.own, concerned.others)
    if isinstance(patched, str):
        return Said(False, f"{names}: {patched}")
    if not patched.cases:
        return Said(None, f"{names}: the files hold no test")
    again = [path for path in files if patched.fails_in(path)]
    unpatched = await _side_by_side(setting.before, again[::2], again[1::2]) if again else Results()
    if new := _new(setting, patched, unpatched):
        return Said(False, new)
    if not patched.passed:
        return Said(False, f"{names}: no test passed, with or without the patch")
    return Said(True, _told(patched, names, concerned.left_out))


async def _of_project(setting: Setting, concerned: Concerned) -> Said:
    """Turn by turn: the nearest files first, then twice as many, until the time is up."""
    context, waiting = setting.context, list(concerned.own)
    if not waiting:
        return Said(None, f"no test imports {', '.join(setting.changed)}")
    began = time.monotonic()
    ends, enough = began + context.test_seconds, began + min(context.enough_seconds, context.test_seconds)
    done: list[Results] = []
    ran, turn = 0, FIRST_FILES
    while waiting and (left := ends - time.monotonic()) > 0 and (not done or time.monotonic() < enough):
        files, waiting, turn = waiting[:turn], waiting[turn:], turn * 2
        patched = await _usual(setting, setting.after, files, left)
        if isinstance(patched, str):
            unpatched = await _usual(setting, setting.before, files, left) if not done else patched
            if isinstance(unpatched, Results):
                return Said(False, f"{files[0]}: {patched}")
            waiting = [*files, *waiting]
            break
        before = await _usual(setting, setting.before, files, context.test_seconds) if patched.failed else patched
        if (broken := _broken(patched, before)) and (still := await _still(setting, broken, files, before)):
            return Said(False, still)
        done.append(patched)
        ran += len(files)
    if not done:
        return Said(None, f"the tests give no result within {context.test_seconds:g} s, with or without the patch")
    return Said(True, _told(together(done), plural(ran, "file"), len(waiting)))


async def _still(setting: Setting, broken: Mapping[str, str], files: Sequence[str], before: Results | str) -> str:
    """The first of the tests that broke which breaks a second time too: others come and go by themselves."""
    again = await _usual(setting, setting.after, files, setting.context.test_seconds)
    twice = (
        broken
        if isinstance(again, str)
        else {case: why for case, why in _broken(again, before).items() if case in broken}
    )
    return next((f"{case}: {why}" for case, why in twice.items()), "")


async def _usual(setting: Setting, trial: Trial, files: Sequence[str], seconds: float) -> Results | str:
    return await run_files_as_usual(trial, files, setting.context.python, setting.context.folder, seconds)


def _new(setting: Setting, patched: Results, unpatched: Results | str) -> str:
    """The first test that fails with the patch only, or in other words, or by the very failure; empty without any."""
    known = {} if isinstance(unpatched, str) else unpatched.failed
    failure = setting.context.failure
    for case, why in patched.failed.items():
        if known.get(case) != why or (failure is not None and failure.message in why):
            return f"{case}: {why}"
    return ""


def _broken(patched: Results, unpatched: Results | str) -> Mapping[str, str]:
    """Tests that pass without the patch and not with it -> why.

    A test that could not even be collected before may fail for a reason of its own. Names of cases may hold what
    differs from run to run, such as a time: one that is gone counts where its function has fewer cases than before.
    """
    if isinstance(unpatched, str):
        return {}
    passed = [case for case in unpatched.cases if case not in unpatched.failed]
    now, there = Counter(map(_function, patched.cases)), set(patched.cases)
    before = Counter(map(_function, unpatched.cases))
    broken = {case: patched.failed[case] for case in passed if case in patched.failed}
    gone = (case for case in passed if case not in there and now[_function(case)] < before[_function(case)])
    return broken | dict.fromkeys(gone, "it is no longer found")


def _function(case: str) -> str:
    return case.partition("[")[0]


async def _side_by_side(trial: Trial, *groups: Sequence[str]) -> Results | str:
    """Run groups of files at the same time, each in its own process; the machine is assumed to have two cores."""
    outcomes = await asyncio.gather(*(run_files(trial, group) for group in groups if group))
    results = [outcome for outcome in outcomes if isinstance(outcome, Results)]
    if len(results) < len(outcomes):
        return next(outcome for outcome in outcomes if isinstance(outcome, str))
    return together(results)


def _told(results: Results, names: str, left_out: int) -> str:
    parts = [f"{results.passed} passed in {names}"]
    if results.failed:
        parts.append(f"{len(results.failed)} fail just as without the patch")
    if left_out:
        parts.append(f"{left_out} further files of callers not run")
    return "; ".join(parts)
