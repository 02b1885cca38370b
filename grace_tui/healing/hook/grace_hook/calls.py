"""Who refused a call: from a TypeError to the function whose parameters did not fit, and what was passed to it.

A call whose arguments do not fit never enters the callee, so the traceback ends in the caller, and the callee is found
by evaluating the text of exactly that call. Only names, attributes and constants are looked up; nothing is called.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import sys
from types import FrameType, FunctionType, TracebackType
from typing import Any, Callable, Dict, Iterator, Mapping, Sequence

from . import names, source

Plain = Dict[str, Any]
"""A `Callee`, a `Subject` or a `Frame` as plain data, with absolute file names."""
Shown = Callable[[object, str], str]
"""How the default of a parameter of that name is written in a signature."""
Own = Callable[[str], bool]
"""Whether a file is the program's own."""

_NAMED = re.compile(r"([\w.<>]+)\(\) (?:got|takes|missing|argument|expected)")
_ABOUT_ARGUMENTS = re.compile(r"\b(?:keyword|positional|required) (?:only )?arguments?\b|\btakes no arguments\b")
_VALIDATED = "ValidationError"


def about_arguments(message: str) -> bool:
    """Whether a TypeError's text says that the arguments of a call did not fit."""
    return _ABOUT_ARGUMENTS.search(message) is not None


def called_in(message: str) -> str:
    """The qualified name of the callee, where the message begins with it."""
    named = _NAMED.match(message)
    return named.group(1) if named else ""


def plain_default(value: object, name: str) -> str:
    """A default that is plain data, as it is written; three dots for any other, whose `repr` might do anything."""
    empty = type(value) in (list, tuple, dict) and not value
    if empty or value is None or type(value) in (bool, int, float, str, bytes):
        text = repr(value)
        return text if len(text) <= 80 else "..."
    return "..."


def refused_by(error: BaseException, own: Own, show: Shown = plain_default) -> Plain | None:
    """Find the callee of the call that `error`, a TypeError about arguments, is about."""
    text = str(error)
    trace = error.__traceback__
    if not isinstance(error, TypeError) or not about_arguments(text) or trace is None:
        return None
    last = source.last_of(trace)
    call = source.failed_call(last)
    named = called_in(text)
    for target in _targets(call, last.tb_frame) if call is not None else ():
        found, bound = names.unwrap(target)
        if call is not None and (not named or _is_called(found, named)):
            given = {**names.argument_types(bound), **_keywords(call, last.tb_frame)}
            return callee_of(found, given, _positional(call, last.tb_frame), show)
    # Called by a function in C, by a thread, or from text that is no file: then the name must do.
    only = _only_one_called(named, last.tb_frame, own)
    return None if only is None else callee_of(only, {}, (), show)


def _only_one_called(named: str, frame: FrameType, own: Own) -> object:
    """The one function of that qualified name in the failing frame, or in the program's own modules."""
    found: dict[int, object] = {}
    modules = [module for module in list(sys.modules.values()) if own(names.file_of(module))]
    for place in (frame.f_globals, *map(vars, modules)) if named else ():
        target: object = place.get(named.partition(".")[0], names.UNKNOWN)
        for part in named.split(".")[1:]:
            target = names.static(target, part)
        target, _ = names.unwrap(target)
        if names.is_a(target, FunctionType) and names.own_code_name(target) == named:  # type: ignore[arg-type]
            found[id(target)] = target
    return next(iter(found.values())) if len(found) == 1 else None


def record_refused(error: BaseException, trace: TracebackType, own: Own) -> Plain | None:
    """The record class whose library refused its fields: that of the last call of the program's own."""
    if type(error).__name__ != _VALIDATED:
        return None
    last = last_own(trace, own)
    call = None if last is None else source.failed_call(last)
    if last is None or call is None:
        return None
    found = names.look_up(call.func, last.tb_frame)
    if not names.is_a(found, type):
        return None
    return callee_of(found, _keywords(call, last.tb_frame), _positional(call, last.tb_frame))


def last_own(trace: TracebackType | None, own: Own) -> TracebackType | None:
    """The innermost entry in a file of the program's own."""
    found = None
    while trace is not None:
        found = trace if own(trace.tb_frame.f_code.co_filename) else found
        trace = trace.tb_next
    return found


def callee_of(
    found: Any, arguments: Mapping[str, str], positional: Sequence[str] = (), show: Shown = plain_default
) -> Plain:
    """A function or class as the plain data of a `Callee`."""
    given = {"arguments": dict(arguments), "positional": list(positional)}
    plain: Plain = {**given, "signature": signature_of(found, show)}
    if names.is_a(found, FunctionType):
        code = found.__code__
        file = names.absolute(code.co_filename)
        return {"qualname": names.own_code_name(found), "file": file, "line": code.co_firstlineno, **plain}
    qualname = str(found.__qualname__ if names.is_a(found, *names.WITH_NAMES) else type(found).__qualname__)
    file = names.module_file(found.__module__) if names.is_a(found, type) else ""
    line = names.class_line(found, file) if file else 0
    return {"qualname": qualname, "file": file, "line": line, **plain}


def signature_of(found: object, show: Shown = plain_default) -> str:
    if not callable(found):
        return ""
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # functions written in C need not have one
        return ""
    shown = [each.replace(default=_shown(each, show)) for each in signature.parameters.values()]
    return str(signature.replace(parameters=shown))


class _Default:
    """Prints as the default of a parameter, whose own `__repr__` might do anything."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _shown(parameter: inspect.Parameter, show: Shown) -> Any:
    if parameter.default is inspect.Parameter.empty:
        return parameter.default
    return _Default(show(parameter.default, parameter.name))


def _is_called(found: Any, name: str) -> bool:
    own = _name_of(found)
    if not own:
        return False
    owner, _, last = name.rpartition(".")
    if names.is_a(found, type) and last in ("__init__", "__new__") and owner in ("", own, own.rpartition(".")[2]):
        return True
    return own == name or own.rpartition(".")[2] == last


def _name_of(found: Any) -> str:
    own = found.__qualname__ if names.is_a(found, *names.WITH_NAMES) else None
    return own if isinstance(own, str) else ""


# ---- what was passed


def _targets(call: ast.Call, frame: FrameType) -> Iterator[object]:
    """What may have refused: the function of the call, then functions that it was given to call."""
    yield names.look_up(call.func, frame)
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            several = names.look_up(argument.value, frame)
            yield from several if type(several) is tuple or type(several) is list else ()
        else:
            yield names.look_up(argument, frame)
    bound = names.look_up(call.func, frame)
    if names.is_a(bound, functools.partial):
        yield from (each for each in bound.args if callable(each))  # type: ignore[attr-defined]


def _keywords(call: ast.Call, frame: FrameType) -> dict[str, str]:
    types: dict[str, str] = {}
    for keyword in call.keywords:
        if keyword.arg is not None:
            name = names.type_at(keyword.value, frame)
            types.update({keyword.arg: name} if name else {})
            continue
        forwarded = names.look_up(keyword.value, frame)
        if type(forwarded) is dict:
            types.update(names.argument_types(forwarded))
    return types


def _positional(call: ast.Call, frame: FrameType) -> tuple[str, ...]:
    """Type names of the positional arguments; none where one could not be seen."""
    types: list[str] = []
    for argument in call.args:
        if not isinstance(argument, ast.Starred):
            types.append(names.type_at(argument, frame))
            continue
        several = names.look_up(argument.value, frame)
        if type(several) is not tuple and type(several) is not list:
            return ()
        types += [names.type_name(each) for each in several]
    return tuple(types) if all(types) else ()
