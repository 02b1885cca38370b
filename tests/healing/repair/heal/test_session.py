"""A command is healed in its trial first, for real then, and otherwise every file stays as it was."""

import sys
from pathlib import Path

from grace_tui.healing.repair.heal import Home, Ledger
from tests.healing.repair.heal.conftest import LOG, Heal


def texts(tree: Path) -> dict[str, bytes]:
    files = (path for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in files}


async def test_heal_repairs_the_provider_and_leaves_the_consumer(tree: Path, healing: Heal) -> None:
    before = texts(tree)
    report = await healing(sys.executable, "main.py").heal()
    assert report.healed
    assert report.exit_code == 0
    assert report.files_changed == ("log.py",)
    assert [attempt.outcome for attempt in report.attempts] == ["healed"]
    assert {path for path, data in texts(tree).items() if before[path] != data} == {"log.py"}


async def test_heal_replays_what_it_learned_when_the_same_fault_is_there_again(tree: Path, healing: Heal) -> None:
    await healing(sys.executable, "main.py").heal()
    (tree / "log.py").write_text(LOG)
    report = await healing(sys.executable, "main.py").heal()
    assert report.healed
    assert report.known
    assert [attempt.known for attempt in report.attempts] == [True]


async def test_heal_takes_several_steps_where_one_failure_hides_the_next(tree: Path, healing: Heal) -> None:
    main = tree / "main.py"
    main.write_text(f'{main.read_text()}log.append("stopped", level=3)\n')
    report = await healing(sys.executable, "main.py").heal()
    assert report.healed
    assert [attempt.outcome for attempt in report.attempts] == ["healed", "healed"]


async def test_heal_has_nothing_to_do_where_the_command_succeeds(tree: Path, healing: Heal) -> None:
    report = await healing(sys.executable, "-c", "pass").heal()
    assert report.healed
    assert report.attempts == []


async def test_dry_run_tells_the_diff_and_changes_nothing(tree: Path, healing: Heal) -> None:
    before = texts(tree)
    report = await healing(sys.executable, "main.py", dry_run=True).heal()
    assert not report.healed
    assert report.would_heal
    assert "subsystem" in report.diff
    assert texts(tree) == before


async def test_heal_that_finds_no_repair_leaves_every_file_and_says_what_was_looked_for(
    tree: Path, healing: Heal, home: Home
) -> None:
    (tree / "main.py").write_text("from log import Log\nLog().nowhere_to_be_found_at_all(1)\n")
    before = texts(tree)
    report = await healing(sys.executable, "main.py").heal()
    assert not report.healed
    assert texts(tree) == before
    assert [attempt.type for attempt in report.attempts] == ["AttributeError"]
    assert report.reason
    assert Ledger(home).all() == []


async def test_steps_that_led_nowhere_are_kept_only_if_asked(tree: Path, healing: Heal) -> None:
    main = tree / "main.py"
    main.write_text(f"{main.read_text()}raise OSError('the disk is gone')\n")
    before = texts(tree)
    report = await healing(sys.executable, "main.py").heal()
    assert not report.healed
    assert texts(tree) == before
    report = await healing(sys.executable, "main.py", keep_partial=True).heal()
    assert not report.healed
    assert report.files_changed == ("log.py",)
    assert texts(tree) != before


async def test_exit_without_a_python_failure_is_told_as_such(tree: Path, healing: Heal) -> None:
    report = await healing("sh", "-c", "exit 7").heal()
    assert not report.healed
    assert report.exit_code == 7
    assert "exit code 7" in report.reason
    assert "no Python failure" in report.reason


async def test_file_that_its_owner_changes_meanwhile_is_not_overwritten(tree: Path, healing: Heal) -> None:
    # The command itself plays the owner: what it does in a trial is gone with the trial, what it does for real is not.
    (tree / "main.py").write_text(
        "import pathlib\nfrom log import Log\n"
        "try:\n    Log().append('x', subsystem='y')\n"
        "except TypeError:\n"
        "    file = pathlib.Path('log.py')\n    file.write_text(file.read_text() + '# mine\\n')\n    raise\n"
    )
    session = healing(sys.executable, "main.py")
    report = await session.heal()
    assert (tree / "log.py").read_text().endswith("# mine\n") or report.healed
    assert "# mine" in (tree / "log.py").read_text()


async def test_tests_that_fail_for_two_reasons_are_healed_in_turn(tree: Path, healing: Heal) -> None:
    (tree / "test_log.py").write_text(
        "from log import Log\n"
        "def test_one():\n    Log().append('x', subsystem='y')\n"
        "def test_two():\n    Log().append('x', subsystem='z')\n"
        "def test_three():\n    Log().append('x', level=1)\n"
        "def test_four():\n    assert Log().rows == []\n"
    )
    before = (tree / "test_log.py").read_text()
    report = await healing(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_log.py").heal()
    assert report.healed
    assert [attempt.message.partition("'")[2] for attempt in report.attempts] == ["subsystem'", "level'"]
    assert (tree / "test_log.py").read_text() == before
