"""When two failures are the same one, and what becomes of a command in a copy."""

from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.reproduce import Outcome, Reproduction, reproduce
from grace_tui.healing.repair.trial import open_trial


@pytest.mark.parametrize(
    ("message", "same"),
    [
        ("cannot import name 'open_session' from 'kernels.models' (/tmp/copy/kernels/models/__init__.py)", True),
        ("cannot import name 'open_session' from 'kernels.models' (kernels/models/__init__.py)", True),
        ("cannot import name 'open_engine' from 'kernels.models' (kernels/models/__init__.py)", False),
        ("cannot import name 'open_session' from 'kernels.tables' (kernels/models/__init__.py)", False),
    ],
)
def test_failure_is_the_same_wherever_the_copy_lies(lost_export: Failure, message: str, same: bool) -> None:
    assert Outcome(False, "ImportError", message).shows(lost_export) is same


def test_failure_of_another_kind_is_another(lost_export: Failure) -> None:
    assert not Outcome(False, "KeyError", lost_export.message).shows(lost_export)
    assert not Outcome(True).shows(lost_export)


def test_numbers_and_addresses_do_not_matter(lost_export: Failure) -> None:
    failure = replace(lost_export, message="<Log object at 0x7f01> lost 3 rows")
    assert Outcome(False, "ImportError", "<Log object at 0x7f99> lost 12 rows").shows(failure)


def command(*words: str, phase: str = "run", survives: float = 5.0) -> Reproduction:
    return Reproduction("web", phase, words, survives=survives)


async def outcome(root: Path, text: str, **how: float | str) -> Outcome:
    """What becomes of a script that is tried."""
    (root / "main.py").write_text(text)
    return await on_trial(root, command("python", "main.py", **how))  # type: ignore[arg-type]


async def on_trial(root: Path, reproduction: Reproduction) -> Outcome:
    async with open_trial(root) as trial:
        return await reproduce(reproduction, trial)


async def test_a_program_that_dies_tells_its_last_traceback(tmp_path: Path) -> None:
    text = "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError(f'in {__file__}') from error\n"
    found = await outcome(tmp_path, text)
    assert (found.ok, found.kind, found.message) == (False, "ValueError", "in main.py")


async def test_a_group_tells_its_leaf(tmp_path: Path) -> None:
    found = await outcome(tmp_path, "raise ExceptionGroup('several', [ValueError('inner')])\n")
    assert (found.kind, found.message) == ("ValueError", "inner")


async def test_a_program_that_goes_on_is_well(tmp_path: Path) -> None:
    assert (await outcome(tmp_path, "while True: pass\n", survives=0.5)).ok


async def test_a_program_that_has_to_end_and_does_not_is_not(tmp_path: Path) -> None:
    endless = replace(command("python", "-c", "while True: pass", survives=0.0), seconds=0.5)
    assert (await on_trial(tmp_path, endless)).kind == "TimeoutError"


async def test_what_it_printed_and_survived_counts_where_that_was_the_failure(tmp_path: Path) -> None:
    text = (
        "import sys, time, traceback\ntry:\n    {}['a']\nexcept KeyError:\n    traceback.print_exc()\n"
        "sys.stderr.flush()\ntime.sleep(60)\n"
    )
    found = await outcome(tmp_path, text, phase="output", survives=2.0)
    assert (found.ok, found.kind) == (False, "KeyError")


async def test_an_exit_without_a_word_is_told_by_its_code(tmp_path: Path) -> None:
    found = await outcome(tmp_path, "raise SystemExit(3)\n")
    assert (found.kind, found.message) == ("ExitCode", "exit code 3 without a word")
