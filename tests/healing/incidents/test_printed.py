"""A failure that another process printed is the failure that it would have been in this one."""

import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.healing.failure import Callee, Failure
from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.codec import from_plain, to_plain
from grace_tui.healing.incidents.evidence.traces import render, take
from grace_tui.healing.incidents.printed import failure_in
from grace_tui.healing.incidents.scopes import qualname_at
from grace_tui.healing.incidents.signature import sign
from grace_tui.kernel.errors import RemoteFailure
from tests.healing.incidents.workshop import raised

LEDGER = '''
"""Keeps entries."""
LIMIT = 3


class Wrong(Exception):
    """Of this module."""


class Ledger:
    def __init__(self, path: str = "") -> None:
        self.path = path

    def append(self, text: str, *, at: float = 0.0) -> None:
        raise Wrong(f"no {text}")

    class Page:
        def turn(self) -> None:
            raise LookupError("no such page")


def wrapped(act):
    def inner(*given):
        return act(*given)
    return inner


@wrapped
def guarded(number):
    def deeper():
        return [1 // each for each in (number,)]
    return deeper()


def fall(number):
    return fall(number + 1)
'''
CASES = {
    "unexpected-keyword": "from book.ledger import Ledger\nkept = Ledger()\nkept.append('a', colour='red', size=3)",
    "missing-argument": "from book.ledger import Ledger\nkept = Ledger()\ndef go():\n    kept.append()\ngo()",
    "initialiser": "import book.ledger as ledger\nledger.Ledger(pth='x')",
    "own-exception": "from book.ledger import Ledger\nLedger().append('a')",
    "missing-name": "from book.ledger import async_session",
    "missing-name-of-a-package": "from book import nothing",
    "missing-attribute": "import book.ledger\nbook.ledger.nothing()",
    "missing-module": "import nowhere_at_all",
    "class-in-class": "from book.ledger import Ledger\nLedger.Page().turn()",
    "decorated-and-nested": "from book.ledger import guarded\nguarded(0)",
    "lambda": "from book import ledger\n(lambda: ledger.guarded(0))()",
    "class-body": "class Bad:\n    value = 1 // 0",
    "recursion": "from book.ledger import fall\nfall(0)",
    "suggestion": "from book.ledger import LIMIT\nprint(LIMTI)",
    "several-lines": "raise ValueError('first\\n\\n  second\\nthird')",
    "no-text": "raise ValueError",
    "key": "{}['a']",
    "cause": "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('outer') from error",
    "context": "try:\n    {}['a']\nexcept KeyError:\n    1 // 0",
    "hidden-context": "try:\n    {}['a']\nexcept KeyError:\n    raise ValueError('outer') from None",
    "group": "from book import ledger\nimport asyncio\n"
    "async def bad():\n    ledger.guarded(0)\n"
    "async def main():\n    async with asyncio.TaskGroup() as tasks:\n        tasks.create_task(bad())\n"
    "        await asyncio.sleep(9)\n"
    "asyncio.run(main())",
    "syntax": "import book.broken",
    "path-in-the-text": "open(__file__ + '/nothing')",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "book").mkdir()
    (tmp_path / "book/__init__.py").write_text("")
    (tmp_path / "book/ledger.py").write_text(LEDGER)
    (tmp_path / "book/broken.py").write_text("x = 1\ndef f(:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "book"]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def printed_by(script: Path) -> str:
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=script.parent)
    assert done.returncode != 0
    return done.stderr


def both(project: Path, code: str) -> tuple[Failure, Failure]:
    """The failure of a script, raised here and printed by a process of its own."""
    script = project / "main.py"
    script.write_text(code + "\n")
    text = printed_by(script)
    there = RemoteFailure("", "", printed=text)
    here = raised(lambda: runpy.run_path(str(script), run_name="__main__"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "book"]:
        del sys.modules[name]
    return seen(here, project), seen(there, project)


def seen(error: BaseException, root: Path) -> Failure:
    return capture(error, kernel="web", phase="run", root=root, at=2.0)


@pytest.mark.parametrize("code", CASES.values(), ids=CASES)
def test_a_printed_failure_is_signed_as_one_that_was_raised_here(project: Path, code: str) -> None:
    here, there = both(project, code)
    assert sign(there).parts == sign(here).parts
    assert (sign(there).strict, sign(there).coarse) == (sign(here).strict, sign(here).coarse)
    assert (there.kind, there.missing, there.consumers) == (here.kind, here.missing, here.consumers)
    assert [kind for kind, _ in there.chain] == [kind for kind, _ in here.chain]
    own = [[(frame.file, frame.line) for frame in each.frames if frame.in_project] for each in (here, there)]
    assert set(own[0]) == set(own[1])


def test_what_refused_a_call_is_found_without_the_live_frames(project: Path) -> None:
    here, there = both(project, CASES["unexpected-keyword"])
    assert here.callee is not None
    assert there.callee is not None
    assert replace(there.callee, signature="") == replace(here.callee, signature="")
    assert there.callee.arguments == {"colour": "str", "size": "int"}


@pytest.mark.parametrize("case", ["missing-argument", "initialiser"])
def test_the_callee_has_the_same_place(project: Path, case: str) -> None:
    here, there = both(project, CASES[case])
    assert here.callee is not None
    assert there.callee is not None
    assert (there.callee.qualname, there.callee.file) == (here.callee.qualname, here.callee.file)


def test_of_two_definitions_that_it_may_be_none_is_guessed(project: Path) -> None:
    (project / "book/other.py").write_text("class Ledger:\n    def append(self):\n        pass\n")
    _, there = both(project, "import book.other\n" + CASES["unexpected-keyword"])
    assert there.callee is None


def test_a_failure_outside_the_workspace_has_no_frame_of_it(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "tool.py"
    elsewhere.write_text("{}['a']\n")
    failure = seen(RemoteFailure("", "", printed=printed_by(elsewhere)), project)
    assert failure.kind == "KeyError"
    assert [frame.in_project for frame in failure.frames] == [False]
    assert sign(failure).parts[-1] == "kernel web"


def test_secrets_in_what_was_printed_are_taken_out(project: Path) -> None:
    _, there = both(project, "password = 'opensesame'; raise ValueError('token=abcdefgh')")
    assert "opensesame" not in str(there)
    assert there.message == "token=[redacted]"


def test_a_description_wins_over_the_print_and_keeps_the_way_it_took_here(project: Path) -> None:
    here, _ = both(project, CASES["own-exception"])
    plain = to_plain(replace(here, kernel="child", phase="call", at=1.0))
    assert from_plain(plain) == replace(here, kernel="child", phase="call", at=1.0)
    error = ValueError("rebuilt")
    vars(error)["remote_failure"] = RemoteFailure("Wrong", "no a", described=plain, printed="nonsense")
    (project / "caller.py").write_text("def call(error):\n    raise error\n")
    caller = runpy.run_path(str(project / "caller.py"))
    failure = seen(raised(lambda: caller["call"](error)), project)
    assert failure.frames[0].function == "call"
    assert failure.frames[1:] == here.frames
    assert (failure.kernel, failure.phase, failure.kind, failure.message) == ("web", "run", "Wrong", "no a")


@pytest.mark.parametrize("described", [{}, {"kind": 3}, {"frames": "all"}])
def test_a_description_that_is_none_falls_back_to_the_words(project: Path, described: dict[str, object]) -> None:
    failure = seen(RemoteFailure("CommandExited", "exit code 3", described=described), project)
    assert (failure.kind, failure.message, failure.frames) == ("CommandExited", "exit code 3", ())


def test_one_from_elsewhere_in_a_group_is_its_leaf(project: Path) -> None:
    inner = RemoteFailure("CommandExited", "exit code 3")
    assert seen(ExceptionGroup("several", [inner]), project).kind == "CommandExited"


def test_the_traceback_of_the_evidence_has_sources_and_what_was_printed(project: Path) -> None:
    script = project / "main.py"
    script.write_text(CASES["own-exception"])
    error = raised(lambda: _raise(RemoteFailure("Wrong", "no a", printed=printed_by(script))))
    text = render(take(error, project), seen(error, project))
    assert "The failure, in that process:" in text
    assert '  File "book/ledger.py", line 15, in Ledger.append\n' in text
    assert '>    15          raise Wrong(f"no {text}")' in text
    assert "As it was printed there:\nTraceback (most recent call last):" in text
    assert str(project) not in text


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("text", ["", "hello", "Traceback (most recent call last):\n", "\x00", "  | \n  +-+-\n"])
def test_what_is_no_traceback_tells_of_no_failure(tmp_path: Path, text: str) -> None:
    failure = failure_in(text, kernel="web", phase="run", root=tmp_path, at=0.0)
    assert failure is None or failure.frames == ()


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        (12, "__init__", "Ledger.__init__"),
        (19, "turn", "Ledger.Page.turn"),
        (24, "inner", "wrapped.<locals>.inner"),
        (31, "<listcomp>", "guarded.<locals>.deeper.<locals>.<listcomp>"),
        (3, "<module>", "<module>"),
        (15, "elsewhere", "elsewhere"),
        (9_999, "fall", "fall"),
    ],
)
def test_functions_get_their_qualified_names_from_the_file(project: Path, line: int, name: str, expected: str) -> None:
    assert qualname_at(project / "book/ledger.py", line, name) == expected


def test_a_file_that_cannot_be_read_leaves_the_name_as_printed(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def f(:\n")
    assert qualname_at(tmp_path / "broken.py", 1, "f") == "f"
    assert qualname_at(tmp_path / "gone.py", 1, "f") == "f"


def test_a_callee_is_plain_data() -> None:
    callee = Callee("Ledger.append", "book/ledger.py", 14, "(self)", {"colour": "str"})
    failure = Failure("web", "run", "TypeError", "x", (), callee=callee, missing=("a", "b", "c.py"))
    assert from_plain(to_plain(failure)) == failure
