"""From the words of an exception to the interface that broke."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose import diagnose
from grace_tui.healing.repair.patch import Refused, Site
from grace_tui.healing.repair.scene import Scene
from grace_tui.healing.repair.tree import FileTree


def test_refused_keyword_names_the_callee_and_the_passed_type(root: Path, refused_keyword: Failure) -> None:
    assert diagnose(refused_keyword, Scene(FileTree(root))) == Site(
        "unexpected_keyword", "kernels/log.py", "Log.append", "part", "str", ("kernels/agent.py",)
    )


@pytest.mark.parametrize("suffix", ["", ". Did you mean 'action'?"], ids=["3.11", "3.13"])
def test_refused_keyword_without_a_callee_is_looked_up(root: Path, refused_keyword: Failure, suffix: str) -> None:
    failure = replace(refused_keyword, callee=None, message=refused_keyword.message + suffix)
    site = diagnose(failure, Scene(FileTree(root)))
    assert isinstance(site, Site)
    assert (site.provider, site.qualname, site.name) == ("kernels/log.py", "Log.append", "part")


def test_refused_keyword_with_two_definitions_is_refused(
    root: Path, refused_keyword: Failure, write: Callable[[Path, dict[str, str]], None]
) -> None:
    write(root, {"kernels/other.py": "class Log:\n    def append(self): ...\n"})
    outcome = diagnose(replace(refused_keyword, callee=None), Scene(FileTree(root)))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "Log.append is defined 2 times: kernels/log.py, kernels/other.py"


def test_constructor_without_init_is_its_class(
    root: Path, refused_keyword: Failure, write: Callable[[Path, dict[str, str]], None]
) -> None:
    write(root, {"kernels/row.py": "@dataclass\nclass Row2:\n    a: int\n"})
    message = "Row2.__init__() got an unexpected keyword argument 'b'"
    site = diagnose(replace(refused_keyword, callee=None, message=message), Scene(FileTree(root)))
    assert isinstance(site, Site)
    assert (site.provider, site.qualname) == ("kernels/row.py", "Row2")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ImportError", "cannot import name 'open_session' from 'kernels.models' (/w/kernels/models/__init__.py)"),
        ("ImportError", "cannot import name 'open_session' from 'kernels.models' (unknown location)"),
        ("ImportError", "cannot import name 'open_session' from 'kernels.models' (/w/x.py). Did you mean: 'open'?"),
        ("AttributeError", "module 'kernels.models' has no attribute 'open_session'"),
        ("AttributeError", "module 'kernels.models' has no attribute 'open_session'. Did you mean: 'session'?"),
    ],
)
def test_lost_export_names_the_module(root: Path, lost_export: Failure, kind: str, message: str) -> None:
    assert diagnose(replace(lost_export, kind=kind, message=message), Scene(FileTree(root))) == Site(
        "missing_export", "kernels/models/__init__.py", "kernels.models", "open_session", "", ("kernels/rules.py",)
    )


@pytest.mark.parametrize(
    ("kind", "message", "reason"),
    [
        (
            "ImportError",
            "cannot import name 'a' from 'json' (/usr/lib/json/__init__.py)",
            "json, which lacks a, has no file among the workspace's sources",
        ),
        (
            "TypeError",
            "dumps() got an unexpected keyword argument 'a'",
            "dumps is not defined in the workspace's sources",
        ),
        ("ValueError", "no", "no diagnosis fits ValueError: no"),
    ],
)
def test_what_cannot_be_repaired_is_refused_in_words(
    root: Path, lost_export: Failure, kind: str, message: str, reason: str
) -> None:
    outcome = diagnose(replace(lost_export, kind=kind, message=message), Scene(FileTree(root)))
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason


def test_callee_outside_the_sources_is_refused(root: Path, refused_keyword: Failure) -> None:
    assert refused_keyword.callee is not None
    callee = replace(refused_keyword.callee, file=".grace/secret.py")
    outcome = diagnose(replace(refused_keyword, callee=callee), Scene(FileTree(root)))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "Log.append is defined in .grace/secret.py, outside the workspace's sources"


@pytest.mark.parametrize(("name", "problem"), [("Row", "import_cycle"), ("open_session", "missing_export")])
def test_a_module_that_still_loads_lacks_what_it_will_have_or_what_it_never_exports(
    root: Path, lost_export: Failure, name: str, problem: str
) -> None:
    message = f"cannot import name '{name}' from partially initialized module 'kernels.models' (most likely ...)"
    outcome = diagnose(replace(lost_export, message=message), Scene(FileTree(root)))
    assert isinstance(outcome, Site)
    assert (outcome.problem, outcome.provider, outcome.name) == (problem, "kernels/models/__init__.py", name)
