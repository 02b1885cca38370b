"""Who refused a call: from a TypeError to the function whose parameters did not fit, and what was passed to it.

A call whose arguments do not fit never enters the callee, so the traceback ends in the caller, and the callee is found
by evaluating the text of exactly that call. Only names, attributes and constants are looked up; nothing is called.
"""

import ast
import functools
import inspect
import linecache
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import (
    BuiltinFunctionType,
    BuiltinMethodType,
    CodeType,
    FrameType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    TracebackType,
)
from typing import Any

from grace_tui.healing.failure import Callee
from grace_tui.healing.incidents.evidence.values import Walker
from grace_tui.healing.incidents.evidence.wording import worded
from grace_tui.healing.incidents.places import place
from grace_tui.kernel.parsing import parse_module

_NAMED = re.compile(r"([\w.<>]+)\(\) (?:got|takes|missing|argument|expected)")
_ABOUT_ARGUMENTS = re.compile(r"\b(?:keyword|positional|required) (?:only )?arguments?\b|\btakes no arguments\b")
_DISPLAYS: dict[type[ast.expr], str] = {
    ast.JoinedStr: "str",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Tuple: "tuple",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Lambda: "function",
}
UNKNOWN = object()
"""What cannot be looked up without running code."""
_LONGEST_UNWRAPPING = 20


@dataclass(frozen=True, slots=True)
class _Call:
    frame: FrameType
    node: ast.Call


def refused_by(error: BaseException, root: Path) -> Callee | None:
    """Find the callee of the call that `error`, a TypeError about arguments, is about."""
    text = str(error)
    if not isinstance(error, TypeError) or not about_arguments(text):
        return None
    call = _failed_call(error.__traceback__)
    if call is None:
        return None
    named = called_in(text)
    for target in _targets(call):
        found, bound = unwrap(target)
        if not named or _is_called(found, named):
            return _describe(found, {**_argument_types(bound), **_keywords(call)}, root)
    return None


def about_arguments(message: str) -> bool:
    """Whether a TypeError's text says that the arguments of a call did not fit."""
    return _ABOUT_ARGUMENTS.search(message) is not None


def called_in(message: str) -> str:
    """The qualified name of the callee, where the message begins with it."""
    named = _NAMED.match(message)
    return named.group(1) if named else ""


def literal_type(node: ast.expr) -> str:
    """Type name of a value that is written out in the call; empty for anything else."""
    return _type_name(node.value) if isinstance(node, ast.Constant) else _DISPLAYS.get(type(node), "")


def is_a(value: object, *kinds: type) -> bool:
    """`isinstance` that does not ask the value's own `__class__`."""
    return issubclass(type(value), kinds)


def unwrap(target: Any) -> tuple[object, dict[str, object]]:
    """Follow methods, partials, C wrappers and classes to what binds the arguments, with keywords bound on the way."""
    bound: dict[str, object] = {}
    for _ in range(_LONGEST_UNWRAPPING):
        inner: object = UNKNOWN
        if is_a(target, MethodType, staticmethod, classmethod):
            inner = target.__func__
        elif is_a(target, functools.partial):
            bound = {**target.keywords, **bound}
            inner = target.func
        elif is_a(target, type):
            inner = _initialiser(target)
        elif is_a(target, FunctionType):
            inner = _forwards_to(target)
        elif not is_a(target, BuiltinFunctionType, BuiltinMethodType):
            inner = _instance_target(target)
        if inner is UNKNOWN:
            break
        target = inner
    return target, bound


def _initialiser(target: type) -> object:
    """The class's own `__init__`, where it is written in a file; one made by a decorator is the class's."""
    found = _static(target, "__init__")
    if type(found) is not FunctionType or found.__code__.co_filename.startswith("<"):
        return UNKNOWN
    return found


def _forwards_to(target: FunctionType) -> object:
    """A wrapper that takes anything cannot refuse: then it is the wrapped function that did."""
    flags = target.__code__.co_flags
    takes_anything = flags & inspect.CO_VARKEYWORDS and flags & inspect.CO_VARARGS
    return target.__dict__.get("__wrapped__", UNKNOWN) if takes_anything else UNKNOWN


def _instance_target(target: object) -> object:
    wrapped = _static(target, "__wrapped__")
    if wrapped is not UNKNOWN:
        return wrapped
    found = _static(type(target), "__call__")
    return found if is_a(found, FunctionType) else UNKNOWN


def _is_called(found: Any, name: str) -> bool:
    own = found.__qualname__ if is_a(found, *_WITH_NAMES) else None
    if not isinstance(own, str):
        return False
    last = name.rpartition(".")[2]
    return own == name or own.rpartition(".")[2] == last or name in (f"{own}.__init__", f"{own}.__new__")


_WITH_NAMES = (FunctionType, BuiltinFunctionType, BuiltinMethodType, type)


def _describe(found: Any, arguments: Mapping[str, str], root: Path) -> Callee:
    if is_a(found, FunctionType):
        code = found.__code__
        return Callee(
            code.co_qualname, place(code.co_filename, root)[0], code.co_firstlineno, _signature(found), arguments
        )
    qualname = str(found.__qualname__ if is_a(found, *_WITH_NAMES) else type(found).__qualname__)
    module = sys.modules.get(found.__module__) if is_a(found, type) else None
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return Callee(qualname, "", 0, _signature(found), arguments)
    return Callee(qualname, place(file, root)[0], _class_line(qualname, file), _signature(found), arguments)


def _signature(found: object) -> str:
    if not callable(found):
        return ""
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # functions written in C need not have one
        return ""
    shown = [each.replace(default=_shown(each)) for each in signature.parameters.values()]
    return str(signature.replace(parameters=shown))


class _Default:
    """Prints as the default of a parameter, whose own `__repr__` might do anything."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _shown(parameter: inspect.Parameter) -> Any:
    if parameter.default is inspect.Parameter.empty:
        return parameter.default
    return _Default(worded(Walker().note(parameter.default, parameter.name)))


def _class_line(qualname: str, file: str) -> int:
    pattern = re.compile(rf"\s*class\s+{re.escape(qualname.rpartition('.')[2])}\b")
    return next((at for at, line in enumerate(linecache.getlines(file), 1) if pattern.match(line)), 0)


# ---- the failed call: its place in the bytecode, its text, its syntax tree


def _failed_call(trace: TracebackType | None) -> _Call | None:
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame
    where = next(islice(frame.f_code.co_positions(), trace.tb_lasti // 2, None), (None, None, None, None))
    linecache.checkcache(frame.f_code.co_filename)
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    first, last, start, end = where
    if first is None or last is None or start is None or end is None:
        node = _only_call_on(frame.f_code, lines, trace.tb_lineno)
    else:
        node = _call_at(frame.f_code, lines, (first, start, last, end))
    return None if node is None else _Call(frame, node)


def failing_text(trace: TracebackType) -> str:
    """The expression at which a traceback ends, as it is written; empty where that cannot be told."""
    code = trace.tb_frame.f_code
    where = next(islice(code.co_positions(), trace.tb_lasti // 2, None), (None, None, None, None))
    first, last, start, end = where
    if first is None or last is None or start is None or end is None:
        return ""
    linecache.checkcache(code.co_filename)
    cut = _cut_out(linecache.getlines(code.co_filename, trace.tb_frame.f_globals), (first, start, last, end))
    return "" if cut is None or cut[0].rstrip().endswith(b".") else cut[1].decode()


def _cut_out(lines: list[str], span: tuple[int, int, int, int]) -> tuple[bytes, bytes] | None:
    """What stands before a span on its first line, and the span."""
    first, start, last, end = span
    if not 1 <= first <= last <= len(lines):
        return None
    raw = [line.encode() for line in lines[first - 1 : last]]
    raw[-1] = raw[-1][:end]
    before, raw[0] = raw[0][:start], raw[0][start:]
    return before, b"".join(raw)


def _call_at(code: CodeType, lines: list[str], span: tuple[int, int, int, int]) -> ast.Call | None:
    cut = _cut_out(lines, span)
    if cut is None:
        return None
    # In a chain over several lines the position starts at the last attribute, so the text alone would name a stranger.
    if cut[0].rstrip().endswith(b"."):
        return _call_ending_at(code, lines, span[2], span[3])
    node = _parse(b"(" + cut[1] + b")")
    inner = node[0].value if node and isinstance(node[0], ast.Expr) else None
    return inner if isinstance(inner, ast.Call) else None


def _call_ending_at(code: CodeType, lines: list[str], last: int, end: int) -> ast.Call | None:
    ending = [node for node in _calls_in(code, lines) if (node.end_lineno, node.end_col_offset) == (last, end)]
    return max(ending, key=lambda node: (-node.lineno, -node.col_offset), default=None)


def _only_call_on(code: CodeType, lines: list[str], line: int) -> ast.Call | None:
    """Without positions (`python -X no_debug_ranges`) the line must do, where it leaves no choice."""
    found = [node for node in _calls_in(code, lines) if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return found[0] if len(found) == 1 else None


def _calls_in(code: CodeType, lines: list[str]) -> list[ast.Call]:
    """Every call in the function's source, with the file's own line numbers and columns."""
    first = max(code.co_firstlineno, 1)
    block = inspect.getblock(lines[first - 1 :]) if code.co_name != "<module>" else lines
    text = "".join(block).encode()
    indented = text[:1].isspace()
    body = _parse(b"if 1:\n" + text if indented else text)
    calls = [node for top in body for node in ast.walk(top) if isinstance(node, ast.Call)]
    shift = first - 1 - int(indented)
    for node in calls:
        node.lineno += shift
        node.end_lineno = (node.end_lineno or 0) + shift
    return calls


def _parse(text: bytes) -> list[ast.stmt]:
    try:
        return parse_module(text).body
    except (SyntaxError, ValueError):  # the file changed under the running code
        return []


# ---- looking things up, without calling anything


def _targets(call: _Call) -> Iterator[object]:
    """What may have refused: the function of the call, then functions that it was given to call."""
    yield look_up(call.node.func, call.frame)
    for argument in call.node.args:
        if isinstance(argument, ast.Starred):
            several = look_up(argument.value, call.frame)
            yield from several if type(several) is tuple or type(several) is list else ()
        else:
            yield look_up(argument, call.frame)


def _keywords(call: _Call) -> dict[str, str]:
    types: dict[str, str] = {}
    for keyword in call.node.keywords:
        if keyword.arg is not None:
            name = _type_at(keyword.value, call.frame)
            types.update({keyword.arg: name} if name else {})
            continue
        forwarded = look_up(keyword.value, call.frame)
        if type(forwarded) is dict:
            types.update(_argument_types(forwarded))
    return types


def _argument_types(values: Mapping[str, object]) -> dict[str, str]:
    return {key: _type_name(value) for key, value in values.items() if isinstance(key, str)}


def _type_at(node: ast.expr, frame: FrameType) -> str:
    literal = literal_type(node)
    if literal:
        return literal
    value = look_up(node, frame)
    return "" if value is UNKNOWN else _type_name(value)


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def look_up(node: ast.expr, frame: FrameType) -> object:
    """The value of a name, an attribute or a constant in a frame; UNKNOWN for what would have to be computed."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
            if node.id in names:
                return names[node.id]
        return UNKNOWN
    if isinstance(node, ast.Attribute):
        owner = look_up(node.value, frame)
        return UNKNOWN if owner is UNKNOWN else _static(owner, node.attr)
    return UNKNOWN


def _static(owner: object, name: str) -> object:
    """An attribute as it is stored. A property's value is unknown, because finding it would run code."""
    try:
        found = inspect.getattr_static(owner, name)
        if type(found) is MemberDescriptorType and not is_a(owner, type):
            return found.__get__(owner, type(owner))
    except AttributeError:
        return UNKNOWN
    return UNKNOWN if is_a(found, property, functools.cached_property) else found
