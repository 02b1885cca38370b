"""Calls whose arguments do not fit what the callee takes, and bodies that use a parameter which is no longer one."""

import ast
import re
from collections.abc import Callable, Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.calling.callers import call_sites
from grace_tui.healing.repair.calling.kin import in_class
from grace_tui.healing.repair.calling.lost import SELF_NAMES, lost_names
from grace_tui.healing.repair.calling.ordering import orders_of
from grace_tui.healing.repair.calling.owners import callee_of
from grace_tui.healing.repair.calling.parameters import given_by_caller
from grace_tui.healing.repair.calling.spoken import spoken_of
from grace_tui.healing.repair.diagnose.common import NOT_MINE, consumers
from grace_tui.healing.repair.index import Found, FunctionNode
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

UNEXPECTED_KEYWORD = "unexpected_keyword"
MISSING_ARGUMENT = "missing_argument"
TOO_MANY_POSITIONALS = "too_many_positionals"
POSITIONAL_ONLY = "positional_only"
MULTIPLE_VALUES = "multiple_values"
LOST_PARAMETER = "lost_parameter"
REORDERED = "reordered"

_CALLEE = r"(?P<callee>[\w.<>]+)\(\)"

WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    UNEXPECTED_KEYWORD: {
        "TypeError": re.compile(
            rf"^(?:{_CALLEE} )?(?:got an unexpected keyword argument|Unexpected keyword argument) '(?P<name>\w+)'"
        )
    },
    MISSING_ARGUMENT: {
        "TypeError": re.compile(
            rf"^(?:{_CALLEE} )?(?:missing (?:\d+|a) required (?:positional |keyword-only )?arguments?: "
            r"|Missing required argument )(?P<names>'.*')"
        )
    },
    TOO_MANY_POSITIONALS: {
        "TypeError": re.compile(
            rf"^(?:{_CALLEE} takes (?:from \d+ to )?(?P<takes>\d+) positional arguments? but (?P<given>\d+)"
            rf"|{_CALLEE.replace('callee', 'bare')} takes no arguments|too many positional arguments"
            r"|Extra positional arguments provided)"
        )
    },
    POSITIONAL_ONLY: {
        "TypeError": re.compile(
            rf"^{_CALLEE} got some positional-only arguments passed as keyword arguments: '(?P<names>[\w, ]+)'"
        )
    },
    MULTIPLE_VALUES: {
        "TypeError": re.compile(rf"^(?:{_CALLEE} got )?multiple values for (?:keyword )?argument '(?P<name>\w+)'")
    },
    LOST_PARAMETER: {
        "NameError": re.compile(
            r"^(?:name '(?P<name>\w+)' is not defined|cannot access free variable '(?P<older>\w+)' where)"
        ),
        "UnboundLocalError": re.compile(
            r"^(?:cannot access local variable '(?P<name>\w+)' where"
            r"|local variable '(?P<older>\w+)' referenced before assignment)"
        ),
    },
}


def unexpected_keyword(failure: Failure, scene: Scene) -> Site | Refused:
    """`X.y() got an unexpected keyword argument 'k'`."""
    return _call(UNEXPECTED_KEYWORD, failure, scene, lambda match: (match["name"], ()))


def missing_argument(failure: Failure, scene: Scene) -> Site | Refused:
    """`X.y() missing 1 required positional argument: 'p'`. A missing `self` is another matter: see attributes."""

    def asked(match: re.Match[str]) -> tuple[str, tuple[str, ...]]:
        names = re.findall(r"'(\w+)'", match["names"])
        return names[0], tuple(names[1:])

    match = _match(MISSING_ARGUMENT, failure)
    if match is not None and "'self'" in match["names"] and not _static(failure, scene):
        return NOT_MINE
    return _call(MISSING_ARGUMENT, failure, scene, asked)


def too_many_positionals(failure: Failure, scene: Scene) -> Site | Refused:
    """`X.y() takes 2 positional arguments but 3 were given`; `asked` tells how many are too many."""

    def asked(match: re.Match[str]) -> tuple[str, tuple[str, ...]]:
        more = int(match["given"]) - int(match["takes"]) if match["given"] else 1
        return "", (str(more),)

    return _call(TOO_MANY_POSITIONALS, failure, scene, asked)


def positional_only(failure: Failure, scene: Scene) -> Site | Refused:
    """`f() got some positional-only arguments passed as keyword arguments: 'a, b'`."""

    def asked(match: re.Match[str]) -> tuple[str, tuple[str, ...]]:
        names = match["names"].split(", ")
        return names[0], tuple(names[1:])

    return _call(POSITIONAL_ONLY, failure, scene, asked)


def multiple_values(failure: Failure, scene: Scene) -> Site | Refused:
    """`f() got multiple values for argument 'a'`: what comes by place is not what the signature puts there."""
    return _call(MULTIPLE_VALUES, failure, scene, lambda match: (match["name"], ()))


def lost_parameter(failure: Failure, scene: Scene) -> Site | Refused:
    """`name 'n' is not defined` inside a function of the tree that may have had it as a parameter."""
    match = _match(LOST_PARAMETER, failure)
    frame = failure.frames[-1] if failure.frames else None
    if match is None or frame is None or frame.file not in scene.index.names:
        return NOT_MINE
    name = match["name"] or match["older"]
    around = [
        entry
        for entry in _around(scene, frame.file, frame.line)
        if not isinstance(entry.node, ast.ClassDef)
        and (name in SELF_NAMES or name in lost_names(scene.index, entry.path, entry.node))
    ]
    if not around:
        return NOT_MINE
    # A nested function also uses the parameters of those around it: the one that others know to have had it is meant.
    entry = next((entry for entry in around if _spoken_of(scene, entry, name)), around[0])
    return Site(LOST_PARAMETER, entry.path, entry.qualname, name, "", consumers(failure, entry.path))


def _spoken_of(scene: Scene, found: Found, name: str) -> bool:
    if isinstance(found.node, ast.ClassDef):
        return False
    given = given_by_caller(found.node, in_class=in_class(scene.index, found))
    return spoken_of(scene.index, found, given, call_sites(scene.index, found), name)


def reordered(failure: Failure, scene: Scene) -> Site | Refused:
    """Any failure inside a function of the tree: what it was given by place may have been meant for another place."""
    if len(failure.frames) < 2 or failure.kind in ("ImportError", "ModuleNotFoundError", "SyntaxError", "NameError"):
        return NOT_MINE
    frame = failure.frames[-1]
    if frame.file not in scene.index.names:
        return NOT_MINE
    for entry in _around(scene, frame.file, frame.line):
        if not isinstance(entry.node, ast.ClassDef) and _has_another_order(scene, entry, entry.node):
            return Site(REORDERED, entry.path, entry.qualname, "", "", consumers(failure, entry.path))
    return NOT_MINE


def _has_another_order(scene: Scene, found: Found, node: FunctionNode) -> bool:
    given = given_by_caller(node, in_class=in_class(scene.index, found))
    return next(orders_of(scene.index, found, given, call_sites(scene.index, found)), None) is not None


def _around(scene: Scene, path: str, line: int) -> list[Found]:
    """Functions whose text holds the line, the innermost first."""
    found = [
        entry
        for entry in scene.index.definitions(path)
        if entry.node.lineno <= line <= (entry.node.end_lineno or entry.node.lineno)
    ]
    return sorted(found, key=lambda entry: -entry.node.lineno)


def _match(problem: str, failure: Failure) -> re.Match[str] | None:
    pattern = WORDS[problem].get(failure.kind)
    return pattern.match(failure.message) if pattern else None


def _call(
    problem: str,
    failure: Failure,
    scene: Scene,
    asked: Callable[[re.Match[str]], tuple[str, tuple[str, ...]]],
) -> Site | Refused:
    match = _match(problem, failure)
    if match is None:
        return NOT_MINE
    groups = match.groupdict()
    called = groups.get("callee") or groups.get("bare") or ""
    name, others = asked(match)
    provider = callee_of(problem, failure, scene.index, called)
    if isinstance(provider, Refused):
        return provider
    value_type = failure.callee.arguments.get(name, "") if failure.callee else ""
    left = consumers(failure, provider.path)
    return Site(problem, provider.path, provider.qualname, name, value_type, left, others)


def _static(failure: Failure, scene: Scene) -> bool:
    """Whether the callee takes `self` although it is a static method."""
    match = _match(MISSING_ARGUMENT, failure)
    called = (match["callee"] or "") if match else ""
    found = callee_of(MISSING_ARGUMENT, failure, scene.index, called)
    marks = getattr(found.node, "decorator_list", []) if isinstance(found, Found) else []
    return any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in marks)


RECOGNISERS: Mapping[str, Diagnose] = {
    UNEXPECTED_KEYWORD: unexpected_keyword,
    MISSING_ARGUMENT: missing_argument,
    TOO_MANY_POSITIONALS: too_many_positionals,
    POSITIONAL_ONLY: positional_only,
    MULTIPLE_VALUES: multiple_values,
    LOST_PARAMETER: lost_parameter,
    REORDERED: reordered,
}
