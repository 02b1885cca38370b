"""refused_by: who refused a call, found without calling anything."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.failure import Callee
from grace_tui.healing.incidents.callee import refused_by
from tests.healing.incidents.workshop import load, raised, story

PRELUDE = """
import functools
from dataclasses import dataclass
from typing import NamedTuple

class Log:
    def append(self, actor, *, result=""):
        pass

    @classmethod
    def made(cls, actor):
        pass

    @staticmethod
    def plain(actor):
        pass

    @functools.lru_cache
    def cached(self, actor):
        pass

    def __call__(self, actor):
        pass

def audited(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

def narrow(function):
    @functools.wraps(function)
    def refusing(actor):
        return function(actor)
    return refusing

class Written:
    def __init__(self, size):
        pass

@dataclass
class Record:
    size: int

class Pair(NamedTuple):
    size: int

class Slotted:
    __slots__ = ("log",)
    def __init__(self):
        self.log = Log()

class Owner:
    def __init__(self):
        self.log = Log()
        self.part = self

    @property
    def fresh(self):
        raise RuntimeError("a property was run")

@audited
def wrapped(actor):
    pass

@narrow
def narrowed(actor, **rest):
    pass

log = Log()
owner = Owner()
slotted = Slotted()
given = {"actor": "a", "subsystem": 7}

def call_it(function, *args):
    return function(*args, subsystem=b"x")

def go():
    name = "core"
"""


def refused(root: Path, call: str, prelude: str = PRELUDE) -> Callee | None:
    module = load(root, "kernels/case.py", f"{prelude}    {call}\n")
    return refused_by(raised(module.go), root)


@pytest.mark.parametrize(
    ("call", "qualname", "arguments"),
    [
        pytest.param("log.append('a', subsystem=name)", "Log.append", {"subsystem": "str"}, id="bound-method"),
        pytest.param(
            "owner.part.log.append('a', subsystem=1.5)", "Log.append", {"subsystem": "float"}, id="attributes"
        ),
        pytest.param(
            "slotted.log.append('a', subsystem=log)", "Log.append", {"subsystem": "kernels.case.Log"}, id="slot"
        ),
        pytest.param("Log.append(log, 'a', subsystem=None)", "Log.append", {"subsystem": "NoneType"}, id="function"),
        pytest.param("log.append(**given)", "Log.append", {"actor": "str", "subsystem": "int"}, id="forwarded"),
        pytest.param("Log.made('a', subsystem=[1])", "Log.made", {"subsystem": "list"}, id="classmethod"),
        pytest.param("log.plain('a', subsystem={})", "Log.plain", {"subsystem": "dict"}, id="staticmethod"),
        pytest.param("log.cached('a', subsystem=f'{name}')", "Log.cached", {"subsystem": "str"}, id="lru-cache"),
        pytest.param("log('a', subsystem=(1,))", "Log.__call__", {"subsystem": "tuple"}, id="instance"),
        pytest.param("wrapped('a', subsystem=1)", "wrapped", {"subsystem": "int"}, id="wrapper-that-forwards"),
        pytest.param(
            "narrowed('a', subsystem=1)", "narrow.<locals>.refusing", {"subsystem": "int"}, id="wrapper-that-refuses"
        ),
        pytest.param("Written(subsystem=1)", "Written.__init__", {"subsystem": "int"}, id="class"),
        pytest.param("Record(subsystem=1)", "Record", {"subsystem": "int"}, id="dataclass"),
        pytest.param("Pair(subsystem=1)", "Pair", {"subsystem": "int"}, id="named-tuple"),
        pytest.param(
            "functools.partial(log.append, 'a', subsystem=True)()",
            "Log.append",
            {},
            id="call-of-a-call-is-known-by-name",
        ),
        pytest.param("call_it(log.append, 'a')", "Log.append", {"subsystem": "bytes"}, id="through-another-function"),
        pytest.param(
            "part = functools.partial(log.append, subsystem=True); part('a')",
            "Log.append",
            {"subsystem": "bool"},
            id="partial",
        ),
        pytest.param("owner.fresh.append('a')", None, None, id="property-is-not-run"),
        pytest.param("'a' + 1", None, None, id="no-call"),
        pytest.param("name()", None, None, id="not-callable"),
        pytest.param("log.append()", "Log.append", {}, id="missing-argument"),
        pytest.param("len(1)", None, None, id="not-about-arguments"),
        pytest.param(
            "print('ä ö', subsystem='x', sep=', '); ", "print", {"subsystem": "str", "sep": "str"}, id="builtin"
        ),
        pytest.param(
            "x = 'ä→'; log.append(x, subsystem=x)", "Log.append", {"subsystem": "str"}, id="after-wide-letters"
        ),
        pytest.param(
            "log.append('a',\n        subsystem='x',\n    )", "Log.append", {"subsystem": "str"}, id="several-lines"
        ),
        pytest.param(
            "(owner\n        .part\n        .log.append('a',\n            subsystem='x'))",
            "Log.append",
            {"subsystem": "str"},
            id="chain-over-several-lines",
        ),
    ],
)
def test_the_refuser_is_found(
    tmp_path: Path, call: str, qualname: str | None, arguments: dict[str, str] | None
) -> None:
    callee = refused(tmp_path, call)
    assert (callee.qualname if callee else None) == qualname
    assert (callee.arguments if callee else None) == arguments


def test_the_story_ends_at_the_logs_append_although_a_handle_forwards_the_call(tmp_path: Path) -> None:
    callee = refused_by(story(tmp_path), tmp_path)
    assert callee == Callee(
        qualname="ImmutableLog.append",
        file="kernels/immutable_log.py",
        line=3,
        signature="(self, actor: str, action: str, resource: str = '', *, result: str = '') -> None",
        arguments={"subsystem": "str"},
        positional=("str", "str"),
    )


def test_a_class_whose_init_was_generated_is_named_with_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load(tmp_path, "kernels/case.py", f"{PRELUDE}    Record(subsystem=1)\n")
    monkeypatch.setitem(sys.modules, "kernels.case", module)
    callee = refused_by(raised(module.go), tmp_path)
    lines = (tmp_path / "kernels/case.py").read_text().splitlines()
    assert callee is not None
    assert (callee.file, lines[callee.line - 1]) == ("kernels/case.py", "class Record:")
    assert callee.signature == "(size: int) -> None"


def test_nothing_that_is_found_on_the_way_is_called(tmp_path: Path) -> None:
    source = """
ran = []

class Hostile:
    def __getattr__(self, name):
        ran.append(name)
        raise AttributeError(name)

    def __getattribute__(self, name):
        ran.append(name)
        return object.__getattribute__(self, name)

    def take(self):
        pass

hostile = Hostile()

def go():
    take = hostile.take
    ran.clear()
    take(subsystem=hostile)
"""
    module: Any = load(tmp_path, "kernels/hostile.py", source)
    callee = refused_by(raised(module.go), tmp_path)
    assert callee is not None
    assert callee.arguments == {"subsystem": "kernels.hostile.Hostile"}
    assert module.ran == []


def test_where_the_file_changed_under_the_code_the_callee_is_known_by_its_name_alone(tmp_path: Path) -> None:
    module = load(tmp_path, "kernels/case.py", f"{PRELUDE}    log.append('a', subsystem=1)\n")
    (tmp_path / "kernels/case.py").write_text("# nothing is where it was\n")
    callee = refused_by(raised(module.go), tmp_path)
    assert callee is not None
    assert (callee.qualname, callee.arguments, callee.positional) == ("Log.append", {}, ())


def test_a_type_error_that_code_raises_itself_has_no_refuser(tmp_path: Path) -> None:
    assert refused(tmp_path, "raise TypeError('f() got an unexpected keyword argument')") is None


def test_without_positions_the_only_call_on_the_line_is_it(tmp_path: Path) -> None:
    load(tmp_path, "case.py", f"{PRELUDE}    log.append('a', subsystem=1)\n")
    script = (
        "import case; from pathlib import Path\n"
        "from grace_tui.healing.incidents.callee import refused_by\n"
        "try: case.go()\n"
        "except TypeError as error: print(refused_by(error, Path.cwd()).qualname)\n"
    )
    command = [sys.executable, "-X", "no_debug_ranges", "-B", "-c", script]
    path = f"{tmp_path}:{Path(__file__).parents[3]}"
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": path})
    assert done.stdout == "Log.append\n", done.stderr


def test_a_default_is_shown_without_asking_it(tmp_path: Path) -> None:
    source = """
class Loud:
    def __repr__(self):
        raise AssertionError("it was asked")

def take(size, api_token="abc", how=Loud(), many=(1, 2)):
    pass

def go():
    take(1, colour="red")
"""
    callee = refused_by(raised(load(tmp_path, "kernels/loud.py", source).go), tmp_path)
    assert callee is not None
    assert callee.signature == "(size, api_token=[redacted], how=<Loud>, many=(1, 2))"
