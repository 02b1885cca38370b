"""The gates over any project: its own Python, tests that import what changed, consumers, checkers without settings."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from grace_tui.healing.repair.gates import GATES, Context, judge, open_context, refusal
from grace_tui.healing.repair.gates.cheap import is_test
from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from grace_tui.healing.repair.trial import open_trial
from grace_tui.kernel.records import GateVerdict

SHAPE = "def area(width, height):\n    return width * height\n"
FILES = {
    "shape/__init__.py": "",
    "shape/area.py": SHAPE,
    "shape/room.py": "from shape.area import area\n\n\ndef floor(room):\n    return area(**room)\n",
    "tests/test_area.py": "from shape.area import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n",
    "tests/test_room.py": (
        "from shape import room\n\n\ndef test_floor():\n    assert room.floor({'width': 1, 'height': 2}) == 2\n"
    ),
    "tests/test_other.py": "def test_other():\n    raise AssertionError\n",
}
MORE = "def area(width, height, depth=1):\n    return width * height * depth\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@asynccontextmanager
async def projects_context(root: Path) -> AsyncIterator[Context]:
    async with open_context(root) as context:
        context.clean = False
        yield context


def patch(after: str, path: str = "shape/area.py", before: str | None = SHAPE) -> Patch:
    site = Site("unexpected_keyword", "shape/area.py", "area", "depth", consumers=("shape/room.py",))
    return Patch("test", site, "area takes depth", (FileEdit(path, before, after),))


async def verdicts(root: Path, made: Patch, *names: str, python: str = sys.executable) -> dict[str, GateVerdict]:
    async with projects_context(root) as context, open_trial(root) as trial:
        context.python = python
        trial.write(made.edits)
        gates = [gate for gate in GATES if gate.name in names]
        return {verdict.name: verdict for verdict in await judge(trial, made, context, gates=gates)}


async def test_tests_that_import_the_change_are_run_and_others_are_not(project: Path) -> None:
    said = await verdicts(project, patch(MORE), "tests")
    assert (said["tests"].state, said["tests"].detail) == ("passed", "2 passed in 2 files")


async def test_a_test_that_passed_before_stops_the_patch(project: Path) -> None:
    said = await verdicts(project, patch(MORE.replace("depth=1", "depth=2")), "tests")
    assert (said["tests"].state, said["tests"].detail.partition(":")[0]) == ("failed", "tests.test_area.test_area")


async def test_a_test_that_failed_before_does_not(project: Path) -> None:
    wrong = FILES["tests/test_area.py"].replace("== 6", "== 7")
    (project / "tests/test_area.py").write_text(wrong)
    said = await verdicts(project, patch(MORE), "tests")
    assert (said["tests"].state, said["tests"].detail) == (
        "passed",
        "1 passed in 2 files; 1 fail just as without the patch",
    )


async def test_a_case_that_is_named_by_the_time_is_not_missed(project: Path) -> None:
    named = "import time\nimport pytest\nfrom shape.area import area\n\n\n"
    test = "@pytest.mark.parametrize('at', [time.time_ns()])\ndef test_now(at):\n    assert area(1, at) == at\n"
    (project / "tests/test_now.py").write_text(named + test)
    (project / "tests/test_fails.py").write_text("from shape.area import area\n\n\ndef test_it():\n    area()\n")
    said = await verdicts(project, patch(MORE), "tests")
    assert (said["tests"].state, said["tests"].detail) == (
        "passed",
        "3 passed in 4 files; 1 fail just as without the patch",
    )


async def test_a_test_that_is_no_longer_found_stops_the_patch(project: Path) -> None:
    gone = "import shape.area\n\nif not hasattr(shape.area, 'X'):\n\n    def test_it():\n        pass\n"
    (project / "tests/test_gone.py").write_text(gone)
    (project / "tests/test_fails.py").write_text("from shape.area import area\n\n\ndef test_it():\n    area()\n")
    said = await verdicts(project, patch(SHAPE + "X = 1\n"), "tests")
    assert (said["tests"].state, said["tests"].detail) == ("failed", "tests.test_gone.test_it: it is no longer found")


async def test_a_change_that_no_test_imports_is_told_so(project: Path) -> None:
    said = await verdicts(project, patch("X = 1\n", "shape/new.py", None), "tests")
    assert (said["tests"].state, said["tests"].detail) == ("skipped", "no test imports shape/new.py")


async def test_what_a_caller_always_did_wrong_is_not_the_repair_s_fault(project: Path) -> None:
    """While the name is unknown nothing that is done with it can be judged."""
    (project / "shape/room.py").write_text("from shape.area import volume\n\nSIZE: str = volume(1, 2, 3)\n")
    made = patch(SHAPE + "\n\ndef volume(a: int, b: int, c: int) -> int:\n    return a * b * c\n")
    assert (await verdicts(project, made, "types"))["types"].state == "passed"
    (project / "shape/room.py").write_text("from shape.area import area\n\nSIZE = area(1, 2)\n")
    narrow = patch("def area(width: str, height: str) -> str:\n    return width + height\n")
    assert (await verdicts(project, narrow, "types"))["types"].state == "failed"


async def test_a_python_without_pytest_runs_unittest(project: Path, tmp_path: Path) -> None:
    (project / "tests/test_area.py").write_text(
        "import unittest\nfrom shape.area import area\n\n\nclass AreaTest(unittest.TestCase):\n"
        "    def test_area(self):\n        self.assertEqual(area(2, 3), 6)\n"
    )
    (project / "tests/test_room.py").unlink()
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    said = await verdicts(project, patch(MORE), "tests", python=str(bare))
    assert (said["tests"].state, said["tests"].detail) == ("passed", "1 passed in 1 file")
    said = await verdicts(project, patch(MORE.replace("depth=1", "depth=2")), "tests", python=str(bare))
    assert said["tests"].state == "failed"


async def test_files_compile_by_the_project_s_own_python(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\necho asked >> "$TMPDIR/x"\nexec "{sys.executable}" "$@"\n')
    other.chmod(0o755)
    assert (await verdicts(project, patch(MORE), "compiles", python=str(other)))["compiles"].state == "passed"
    said = await verdicts(project, patch("def area(:\n"), "compiles", python=str(other))
    assert (said["compiles"].state, "invalid syntax" in said["compiles"].detail) == ("failed", True)


@pytest.mark.parametrize(
    ("made", "gate", "detail"),
    [
        (patch("X = 1\n", "shape/room.py", FILES["shape/room.py"]), "consumers", "is a consumer and must stay"),
        (patch("X = 1\n", "tests/test_area.py", FILES["tests/test_area.py"]), "paths", "is a test and must stay"),
        (patch("X = 1\n", before="Y = 1\n"), "paths", "changed while the repair was prepared"),
        (patch("X = 1\n", "../new.py", None), "paths", "is not among the files"),
        (patch(SHAPE + "def more():\n    return nothing\n"), "lint", "Undefined name `nothing`"),
        (patch(SHAPE + "\n".join(f"x{number} = {number}" for number in range(90))), "size", "the limit is 60 lines"),
    ],
    ids=["consumer", "test", "changed", "outside", "lint", "size"],
)
async def test_gate_says_no(project: Path, made: Patch, gate: str, detail: str) -> None:
    async with projects_context(project) as context, open_trial(project) as trial:
        trial.write([edit for edit in made.edits if not edit.path.startswith("..")])
        said = await judge(trial, made, context, gates=[entry for entry in GATES if entry.name == gate])
    refused = refusal(said)
    assert refused is not None
    assert detail in refused.detail


async def test_what_was_wrong_in_a_file_that_did_not_parse_is_not_the_patch_s_fault(project: Path) -> None:
    wrong = SHAPE + "\n\ndef unfinished():\n    return nothing_of_that_name, area(1) + 'a'\n"
    (project / "shape/area.py").write_text(wrong + ")\n")
    said = await verdicts(project, patch(wrong, before=wrong + ")\n"), "lint", "types")
    assert {name: verdict.state for name, verdict in said.items()} == {"lint": "passed", "types": "passed"}


async def test_ruff_has_no_taste_where_a_project_has_none(project: Path) -> None:
    said = await verdicts(project, patch("import os\n" + SHAPE), "lint")
    assert said["lint"].state == "passed"


async def test_what_a_checker_said_of_the_tree_is_asked_once(project: Path) -> None:
    made = patch(MORE)
    async with projects_context(project) as context, open_trial(project) as trial:
        trial.write(made.edits)
        gates = [gate for gate in GATES if gate.name == "lint"]
        await judge(trial, made, context, gates=gates)
        assert [*context.known] == [("ruff", "shape/area.py")]
        context.before.write([FileEdit("shape/area.py", SHAPE, "def broken(:\n")])
        assert refusal(await judge(trial, made, context, gates=gates)) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/helper.py", True),
        ("app/tests/test_x.py", True),
        ("app/test_x.py", True),
        ("app/x_test.py", True),
        ("conftest.py", True),
        ("test/support.py", True),
        ("django/test/client.py", False),
        ("app/testing.py", False),
        ("app/latest.py", False),
    ],
)
def test_tests_are_known_by_name_and_place(path: str, expected: bool) -> None:
    assert is_test(path) is expected
