"""Tests, lint and types of a kernel look at a copy; what they find is told, and nothing of the workspace changes."""

from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from tests.room.actions.acting import acting
from tests.room.bench import write

GOOD = '''
    """Adds."""

    from grace_tui.kernel import Kernel

    def add(one: int, other: int) -> int:
        return one + other

    class One(Kernel):
        pass
'''
BAD = GOOD + "\n    def wrong() -> int:\n        return nothing\n"
ILL_TYPED = GOOD + '\n    def wrong() -> int:\n        return "text"\n'
TEST = """
    from pathlib import Path
    from kernels.one import add

    def test_sums():
        Path("left.txt").write_text("behind")
        assert add(1, 2) == {sum}
"""


def a_test(root: Path, sum_: int) -> None:
    (root / "kernels" / "__init__.py").touch()
    write(root, "../tests/kernels/test_one.py", TEST.format(sum=sum_))


def contents(root: Path) -> set[str]:
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith((".grace/", "logs/"))}


async def test_checks_that_find_nothing_say_what_they_looked_at(tmp_path: Path) -> None:
    write(tmp_path, "one.py", GOOD)
    a_test(tmp_path, 3)
    async with acting(tmp_path) as actor:
        before = contents(tmp_path)
        assert (await actor.do("run_tests")).text == "1 tests of one passed"
        assert (await actor.do("run_lint")).text == "ruff finds nothing in kernels/one.py"
        assert (await actor.do("run_types")).text == "ty finds nothing in kernels/one.py"
        assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("source", "action", "finding"),
    [
        pytest.param(GOOD, "run_tests", r"1 tests of one fail: .*test_sums: assert 3 == 4", id="tests"),
        pytest.param(BAD, "run_lint", r"ruff finds 1 in one: kernels/one.py:\d+:\d+: F821", id="lint"),
        pytest.param(ILL_TYPED, "run_types", r"ty finds 1 in one: kernels/one.py:\d+:\d+: .*return", id="types"),
    ],
)
async def test_what_a_check_finds_is_told(tmp_path: Path, source: str, action: str, finding: str) -> None:
    write(tmp_path, "one.py", source)
    a_test(tmp_path, 4)
    async with acting(tmp_path) as actor:
        with pytest.raises(ActionFailed, match=finding):
            await actor.do(action)


async def test_check_of_what_is_not_there_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one.py", GOOD)
    async with acting(tmp_path) as actor:
        with pytest.raises(ActionFailed, match="there are no tests of one"):
            await actor.do("run_tests")
        with pytest.raises(ActionFailed, match="nobody has no file in kernels/"):
            await actor.do("run_lint", kernel="nobody")


async def test_check_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    write(tmp_path, "one.py", GOOD)
    a_test(tmp_path, 3)
    async with acting(tmp_path) as actor:
        with pytest.raises(ActionFailed, match="no end within 0 s"):
            await actor.do("run_tests", within=0)
