"""From the words with which Python refuses a call to the site of its repair."""

from pathlib import Path

import pytest

from grace_tui.healing.failure import Callee, Failure, Frame
from grace_tui.healing.repair.diagnose.calls import RECOGNISERS
from grace_tui.healing.repair.patch import Refused, Site
from grace_tui.healing.repair.scene import Scene
from grace_tui.healing.repair.tree import FileTree

PROVIDER = """\
import functools


class Store:
    def save(self, path, /, mode="w", *, sync=False):
        return open(path, mode, sync)

    def load(self, path):
        return parse(path, strict)


def logged(function):
    @functools.wraps(function)
    def wrapper(path):
        return function(path)

    return wrapper
"""
USER = "from app import Store\n\nStore().load(1, strict=True)\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(PROVIDER)
    (tmp_path / "use.py").write_text(USER)
    return tmp_path


def site(root: Path, message: str, kind: str = "TypeError", **changes: object) -> Site | Refused:
    frame = Frame("use.py", True, "<module>", 3)
    given: dict[str, object] = {"frames": (frame,), **changes}
    failure = Failure("", "", kind, message, **given)  # type: ignore[arg-type]
    scene = Scene(FileTree(root), failure)
    answers = [recognise(failure, scene) for recognise in RECOGNISERS.values()]
    return next((entry for entry in answers if isinstance(entry, Site) or entry.operator), answers[0])


@pytest.mark.parametrize(
    ("message", "problem", "name", "asked"),
    [
        ("Store.save() got an unexpected keyword argument 'deep'", "unexpected_keyword", "deep", ()),
        (
            "Store.save() got an unexpected keyword argument 'syn'. Did you mean 'sync'?",
            "unexpected_keyword",
            "syn",
            (),
        ),
        ("Store.save() missing 1 required positional argument: 'path'", "missing_argument", "path", ()),
        ("Store.save() missing 2 required positional arguments: 'a' and 'b'", "missing_argument", "a", ("b",)),
        (
            "Store.save() missing 3 required positional arguments: 'a', 'b', and 'c'",
            "missing_argument",
            "a",
            ("b", "c"),
        ),
        ("Store.save() missing 1 required keyword-only argument: 'sync'", "missing_argument", "sync", ()),
        ("Store.save() takes from 2 to 3 positional arguments but 5 were given", "too_many_positionals", "", ("2",)),
        (
            "logged() takes 0 positional arguments but 1 positional argument (and 1 keyword-only argument) were given",
            "too_many_positionals",
            "",
            ("1",),
        ),
        (
            "Store.save() got some positional-only arguments passed as keyword arguments: 'path, mode'",
            "positional_only",
            "path",
            ("mode",),
        ),
        ("Store.save() got multiple values for argument 'mode'", "multiple_values", "mode", ()),
    ],
)
def test_words_of_a_refused_call_tell_the_problem(
    root: Path, message: str, problem: str, name: str, asked: tuple[str, ...]
) -> None:
    callee = message.partition("()")[0]
    assert site(root, message) == Site(problem, "app.py", callee, name, "", ("use.py",), asked)


def test_class_without_a_constructor_takes_too_many(root: Path) -> None:
    assert site(root, "Store() takes no arguments") == Site(
        "too_many_positionals", "app.py", "Store", "", "", ("use.py",), ("1",)
    )


def test_missing_self_is_left_to_others(root: Path) -> None:
    outcome = site(root, "Store.load() missing 1 required positional argument: 'self'")
    assert isinstance(outcome, Refused)
    assert not outcome.operator


def test_wrapper_is_found_by_its_line_under_the_name_of_what_it_wraps(root: Path) -> None:
    callee = Callee("Store.load", "app.py", 13, "(path)", {"strict": "bool"})
    outcome = site(root, "load() got an unexpected keyword argument 'strict'", callee=callee)
    assert isinstance(outcome, Site)
    assert (outcome.qualname, outcome.value_type) == ("logged.wrapper", "bool")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("NameError", "name 'strict' is not defined"),
        ("UnboundLocalError", "cannot access local variable 'strict' where it is not associated with a value"),
        ("NameError", "cannot access free variable 'strict' where it is not associated with a value"),
    ],
)
def test_name_that_a_caller_passes_is_a_lost_parameter(root: Path, kind: str, message: str) -> None:
    frames = (Frame("use.py", True, "<module>", 3), Frame("app.py", True, "Store.load", 9))
    assert site(root, message, kind, frames=frames) == Site(
        "lost_parameter", "app.py", "Store.load", "strict", "", ("use.py",)
    )


def test_callee_outside_the_tree_is_refused(root: Path) -> None:
    callee = Callee("dumps", "/usr/lib/json/__init__.py", 1, "")
    outcome = site(root, "dumps() got an unexpected keyword argument 'a'", callee=callee)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "dumps is defined in /usr/lib/json/__init__.py, outside the workspace's sources"
