"""A playbook's file: what is understood, and for every kind of mistake the line, the key and what would be right."""

from pathlib import Path

import pytest

from grace_tui.healing.playbooks.arguments import Known
from grace_tui.healing.playbooks.loading import load_playbook
from grace_tui.healing.playbooks.model import Budget, Check
from grace_tui.healing.strict import LARGEST, FileRefused, Problem
from tests.healing.playbooks.shop import CATALOGUE, KERNELS

KNOWN = Known(CATALOGUE, KERNELS)
WHOLE = """\
# Why.
says = "Writes a file."
when = '''
kernel.state == 'failed'
and incident.count > 2
'''
timeout = "5m"
budget = { runs = 5, within = "2h" }

[[step]]
name = "first"
action = "write"
timeout = "1h 30m"
tries = 3
on_failure = "goto:last"
then = "end"
until = "host.memory_percent < 80"
[step.with]
path = "a/b.txt"
text = "{incident.kernel} {{as it is}}"

[[step]]
name = "last"
action = "slow"
with = { seconds = "2m" }

[[verify]]
that = "kernel.state == 'running'"
for = "5s"
within = 10
"""
STEP = '[[step]]\naction = "slow"\n'
HEAD = 'says = "A test."\nwhen = "true"\n'


def load(tmp_path: Path, text: str, name: str = "one") -> FileRefused:
    path = tmp_path / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        load_playbook(path, KNOWN)
    return refused.value


def test_everything_that_a_file_may_say_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "whole.toml"
    path.write_text(WHOLE, encoding="utf-8")
    found = load_playbook(path, KNOWN)
    first, last = found.step
    assert (found.name, found.timeout, found.budget) == ("whole", 300.0, Budget(runs=5, within=7200.0))
    assert (first.timeout, first.tries, first.on_failure, first.at_most) == (5400.0, 3, "goto:last", 900.0)
    assert (last.name, last.with_) == ("last", {"seconds": 120.0})
    assert found.verify == (Check(that="kernel.state == 'running'", for_=5.0, within=10.0),)
    assert (found.after("first"), found.after("last")) == ("", "")


@pytest.mark.parametrize(
    ("old", "new", "line", "right"),
    [
        (
            'says = "Writes a file."',
            'sayz = "Writes a file."',
            2,
            "sayz is not a key of a playbook; did you mean says?",
        ),
        ('says = "Writes a file."', "says = 3", 2, "says is 3; expected a text of 1 to 300 characters"),
        ("when = '''", "whem = '''", 0, "when is missing; expected a condition in quotes"),
        ("incident.count > 2", "incident.cuont > 2", 3, "incident.cuont is not known; did you mean incident.count?"),
        ("incident.count > 2", "incident.count > 'a'", 3, "'a' is a text; expected a number"),
        ('timeout = "5m"', 'timeout = "5 minutes"', 7, 'timeout is "5 minutes"; expected a time such as "30s"'),
        ('timeout = "5m"', "timeout = 0", 7, "timeout is 0; expected a time"),
        ("runs = 5", "runs = -1", 8, "budget.runs is -1; expected a whole number from 0 to 1000"),
        ("runs = 5", "rums = 5", 8, "budget.rums is not a key of a playbook; did you mean runs?"),
        ('action = "write"', 'action = "wrote"', 12, 'action is "wrote", which does not exist; did you mean write?'),
        ("tries = 3", "tries = 0", 14, "step 1: tries is 0; expected a whole number from 1 to 10"),
        ("tries = 3", "trys = 3", 14, "step 1: trys is not a key of a playbook; did you mean tries?"),
        ("goto:last", "goto:lst", 15, 'step 1: there is no step "lst"; did you mean last?'),
        ("goto:last", "gone", 15, 'step 1: on_failure is "gone"; there are stop, continue, undo, escalate, goto:STEP'),
        ('then = "end"', 'then = "ende"', 16, 'step 1: there is no step "ende"; did you mean end?'),
        ("host.memory_percent < 80", "host.memory < 80", 17, "step 1: until: "),
        ("a/b.txt", "../b.txt", 19, "expected a file of the workspace"),
        ("a/b.txt", "/etc/passwd", 19, "expected a file of the workspace"),
        ('path = "a/b.txt"', "path = 3", 19, "step 1: with.path: 3; expected a text"),
        ('path = "a/b.txt"', "", 18, "step 1: with.path is missing; write needs it: a file of the folder"),
        ("{incident.kernel}", "{incident.kernl}", 20, "incident.kernl is not known; did you mean incident.kernel?"),
        ("{incident.kernel}", "{incident.kernel!r}", 20, "is not a name"),
        ("{incident.kernel}", "{incident", 20, "a brace of its own is written twice"),
        ("{incident.kernel}", "{incident}", 20, "incident has names of its own"),
        ('name = "last"', 'name = "first"', 23, 'step 2: another step is called "first"'),
        ('name = "last"', 'name = "Last"', 23, "expected a name of small letters"),
        ('seconds = "2m"', 'second = "2m"', 25, "second is no parameter of slow; did you mean seconds?"),
        ('seconds = "2m"', 'seconds = "soon"', 25, 'with.seconds: "soon"; expected a time'),
        ('for = "5s"', 'for = "1m"', 29, "verify 1: for is 60 s, which is longer than within, 10 s"),
        ("that = ", "than = ", 28, "verify 1: than is not a key of a playbook; did you mean that?"),
        ('then = "end"', 'then = "next"\nwhen = 3', 17, "step 1: when is 3; expected a condition in quotes"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(
    tmp_path: Path, old: str, new: str, line: int, right: str
) -> None:
    assert old in WHOLE
    refused = load(tmp_path, WHOLE.replace(old, new, 1), "whole")
    told = [(problem.line, problem.text) for problem in refused.problems]
    assert any(found == line and right in text for found, text in told), told
    assert str(tmp_path / "whole.toml") in str(refused)


@pytest.mark.parametrize(
    ("text", "line", "right"),
    [
        ("says = ", 1, "not TOML: Invalid value"),
        ("a = 1\na = 2\n", 2, "not TOML: Cannot overwrite"),
        (HEAD, 0, "step is missing; expected 1 to 50 tables [[step]]"),
        (HEAD + "step = 3\n", 3, "step is 3; write each as [[step]]"),
        (HEAD + "step = []\n", 3, "step is []; write each as [[step]]"),
        (HEAD + STEP * 51, 3, "there are 51 tables [[step]]; at most 50"),
        (HEAD + "budget = 3\n" + STEP, 3, "budget is 3; expected a table with runs and within"),
        (HEAD + STEP + "with = 3\n", 5, "step 1: with is 3; expected a table of the action's parameters"),
        (HEAD + '[[step]]\nname = "a"\n', 3, "step 1: action is missing; expected the name of an action"),
        (
            HEAD + STEP + "until = true\n",
            5,
            "what slow does cannot be taken back; `until` goes with half, stuck_undo, write",
        ),
        (
            HEAD + '[[step]]\naction = "note"\nwith = { text = "x", kernel = "libraran" }\n',
            5,
            'with.kernel: there is no kernel "libraran"; did you mean librarian?',
        ),
        (
            HEAD + '[[step]]\naction = "escalate"\nwith = { to = "persn" }\n',
            5,
            'with.to: "persn" is not possible; did you mean person?',
        ),
    ],
    ids=map(str, range(12)),
)
def test_a_file_of_another_shape_is_told(tmp_path: Path, text: str, line: int, right: str) -> None:
    refused = load(tmp_path, text)
    assert any(problem.line == line and right in problem.text for problem in refused.problems), refused.problems


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = (
        WHOLE.replace('"write"', '"wrote"')
        .replace("cuont", "x")
        .replace('"2m"', '"soon"')
        .replace("goto:last", "goto:x")
    )
    assert [problem.line for problem in load(tmp_path, text).problems] == [12, 15, 25]


def step(name: str, more: str = "") -> str:
    return f'[[step]]\nname = "{name}"\naction = "slow"\n{more}\n'


def test_steps_that_lead_back_are_refused(tmp_path: Path) -> None:
    text = HEAD + step("a") + step("b", 'on_failure = "goto:a"')
    (problem,) = load(tmp_path, text).problems
    assert problem == Problem("step 2: the steps lead back to where they were: a -> b -> a", 10, "step.1.on_failure")
    own = load(tmp_path, HEAD + step("a", 'then = "a"'))
    assert "the steps lead back to where they were: a -> a" in str(own)


def test_a_step_that_nobody_reaches_is_refused(tmp_path: Path) -> None:
    (problem,) = load(tmp_path, HEAD + step("a", 'then = "end"') + step("b")).problems
    assert problem == Problem('step 2: step "b" is never reached; no `then` or `goto:` leads to it', 8, "step.1.name")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"none\.toml: cannot be read: no such file"):
        load_playbook(tmp_path / "none.toml", KNOWN)
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"says = \xff")
    with pytest.raises(FileRefused, match="is not UTF-8 text"):
        load_playbook(bad, KNOWN)
    bad.write_text("#" * (LARGEST + 1), encoding="utf-8")
    with pytest.raises(FileRefused, match="at most"):
        load_playbook(bad, KNOWN)
