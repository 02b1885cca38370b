"""Failures that never leave a test runner, pytest or unittest, with their live objects; how each test ended."""

from grace_tui.healing.repair.recorded import read_tests
from tests.healing.hook.program import Program

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")
SUITE = """
import logging, subprocess, sys, threading
import pytest
from library.core import plain, nothing

def test_passes():
    assert plain(1) == 1

def test_expects():
    with pytest.raises(TypeError):
        plain(y=1)
    try:
        plain(y=2)
    except TypeError:
        logging.exception("logged")
    with pytest.raises(SystemExit):
        try:
            plain(y=3)
        except TypeError:
            sys.exit(3)

def test_expects_of_a_child():
    child = subprocess.run([sys.executable, "-c", "import library.core; library.core.gone"], capture_output=True)
    assert child.returncode == 1

@pytest.mark.xfail
def test_known():
    plain(y=4)

def test_refused():
    plain(y=5)

def test_compares():
    found = nothing()
    assert found == 4

def test_reports():
    try:
        plain(y=6)
    except TypeError:
        logging.exception("logged")
    assert False

@pytest.fixture
def up():
    plain(y=7)

@pytest.fixture
def down():
    yield
    plain(y=8)

def test_up(up): pass
def test_down(down): pass
"""


def test_failures_of_tests_and_fixtures_are_recorded_and_expected_ones_are_not(program: Program) -> None:
    program.write("test_suite.py", SUITE)
    found = program.compared(*PYTEST, "test_suite.py")
    fatal = {each.test.partition("::")[2]: each.failure.kind for each in found if each.fatal}
    assert fatal == {
        "test_refused": "TypeError",
        "test_compares": "AssertionError",
        "test_reports": "AssertionError",
        "test_up": "TypeError",
        "test_down": "TypeError",
    }
    assert all(each.failure.callee for each in found if each.fatal and each.failure.kind == "TypeError")
    others = {(each.test.partition("::")[2], each.failure.kind, each.handled) for each in found if not each.fatal}
    assert others == {("test_reports", "TypeError", True), ("test_expects_of_a_child", "AttributeError", True)}


def test_what_an_assertion_compares_is_touched(program: Program) -> None:
    program.write(
        "test_it.py", "from library.core import nothing\n\ndef test_it():\n    x = nothing()\n    assert x == 4\n"
    )
    (found,) = program.compared(*PYTEST, "test_it.py")
    assert [callee.qualname for callee in found.failure.touched] == ["nothing"]


def test_the_error_that_a_runner_caught_is_what_an_assertion_about_its_result_is_about(program: Program) -> None:
    runner = "class Result:\n    def __init__(self):\n        self.exit_code, self.exception = 0, None\n\n"
    runner += "def invoke(function):\n    result = Result()\n    try:\n        function()\n"
    runner += (
        "    except Exception as error:\n        result.exit_code, result.exception = 1, error\n    return result\n"
    )
    program.write("lib/python3/site-packages/running.py", runner)
    test = "from running import invoke\nfrom library.core import plain\n\ndef go():\n    plain(y=1)\n\n"
    test += "def test_go():\n    result = invoke(go)\n    assert result.exit_code == 0\n"
    program.write("test_it.py", test)
    path = f"{program.root}:{program.root}/lib/python3/site-packages"
    found = program.compared(*PYTEST, "test_it.py", more={"PYTHONPATH": path})
    assert [(each.failure.kind, each.fatal) for each in found] == [("AssertionError", True), ("TypeError", True)]
    assert found[1].failure.callee is not None
    assert (found[1].test, found[1].failure.callee.qualname) == ("test_it.py::test_go", "plain")


def test_the_end_of_every_test_is_told(program: Program) -> None:
    program.write("test_suite.py", SUITE)
    program.compared(*PYTEST, "test_suite.py")
    outcomes = {name.partition("::")[2]: told.outcome for name, told in read_tests(program.evidence).items()}
    assert outcomes == {
        "test_passes": "passed",
        "test_expects": "passed",
        "test_expects_of_a_child": "passed",
        "test_known": "xfailed",
        "test_refused": "failed",
        "test_compares": "failed",
        "test_reports": "failed",
        "test_up": "error",
        "test_down": "error",
    }


def test_a_test_module_that_cannot_be_imported_is_recorded_with_its_cause(program: Program) -> None:
    program.write("test_it.py", "from library.core import gone\n")
    (found,) = program.compared(*PYTEST, ".")
    assert (found.test, found.fatal) == ("test_it.py", True)
    assert found.failure.missing == ("library.core", "gone", "library/core.py")
    assert found.failure.subject is not None
    assert "plain" in found.failure.subject.names


def test_a_conftest_that_cannot_be_imported_is_recorded(program: Program) -> None:
    program.write("conftest.py", "from library.core import gone\n")
    program.write("test_it.py", "def test_it(): pass\n")
    (found,) = program.compared(*PYTEST)
    assert found.failure.missing == ("library.core", "gone", "library/core.py")
    assert found.fatal


def test_a_plugin_that_is_not_there_is_recorded(program: Program) -> None:
    (found, *_) = program.compared(*PYTEST, "-p", "nowhere_to_be_found")
    assert "nowhere_to_be_found" in found.failure.message


def test_failures_of_unittest_are_recorded(program: Program) -> None:
    program.write(
        "test_it.py",
        "import unittest\nfrom library.core import plain\n"
        "class Cases(unittest.TestCase):\n"
        "    def test_good(self):\n        with self.assertRaises(TypeError): plain(y=1)\n"
        "    def test_bad(self):\n        plain(y=2)\n"
        "    def test_parts(self):\n        for n in (0, 1):\n"
        "            with self.subTest(n=n): self.assertEqual(n, 0)\n"
        "class Broken(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls): plain(y=3)\n"
        "    def test_it(self): pass\n",
    )
    program.write("test_gone.py", "from library.core import gone\n")
    found = {each.test: each.failure for each in program.compared("-m", "unittest", "test_it", "test_gone")}
    assert {name: failure.kind for name, failure in found.items()} == {
        "test_it.Cases.test_bad": "TypeError",
        "test_it.Cases.test_parts": "AssertionError",
        "setUpClass (test_it.Broken)": "TypeError",
        "unittest.loader._FailedTest.test_gone": "ImportError",
    }
    assert found["unittest.loader._FailedTest.test_gone"].missing == ("library.core", "gone", "library/core.py")
    assert read_tests(program.evidence)["test_it.Cases.test_good"].outcome == "passed"
