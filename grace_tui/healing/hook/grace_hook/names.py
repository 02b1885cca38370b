"""Looks things up in the frames and objects of a failure. Nothing that is found is ever called.

Used by the hook in other programs, and by `healing/incidents` in this one.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import os
import re
import sys
from types import (
    BuiltinFunctionType,
    BuiltinMethodType,
    CodeType,
    FrameType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, Callable, Mapping, TypeVar

T = TypeVar("T")
UNKNOWN = object()
"""What cannot be looked up without running code."""
WITH_NAMES = (FunctionType, BuiltinFunctionType, BuiltinMethodType, type)
_LONGEST_UNWRAPPING = 20
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


def seen(look: Callable[[], T], otherwise: T) -> T:
    """What `look` finds. The objects of a crash may be hostile: a lookup that fails leaves its part empty."""
    try:
        return look()
    except Exception:
        return otherwise


def is_a(value: object, *kinds: type) -> bool:
    """`isinstance` that does not ask the value's own `__class__`."""
    return issubclass(type(value), kinds)


def stored(error: BaseException, name: str, otherwise: Any = None) -> Any:
    """An exception's own attribute, past any `__getattribute__` of its class."""
    try:
        return object.__getattribute__(error, name)
    except AttributeError:
        return otherwise


def static(owner: object, name: str) -> object:
    """An attribute as it is stored. A property's value is unknown, because finding it would run code."""
    try:
        found = inspect.getattr_static(owner, name)
        if type(found) is MemberDescriptorType and not is_a(owner, type):
            return found.__get__(owner, type(owner))
    except AttributeError:
        return UNKNOWN
    return UNKNOWN if is_a(found, property, functools.cached_property) else found


def look_up(node: ast.AST | None, frame: FrameType) -> object:
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
        return UNKNOWN if owner is UNKNOWN else static(owner, node.attr)
    return UNKNOWN


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
    found = static(target, "__init__")
    if type(found) is not FunctionType or found.__code__.co_filename.startswith("<"):
        return UNKNOWN
    return found


def _forwards_to(target: FunctionType) -> object:
    """A wrapper that takes anything cannot refuse: then it is the wrapped function that did."""
    flags = target.__code__.co_flags
    takes_anything = flags & inspect.CO_VARKEYWORDS and flags & inspect.CO_VARARGS
    return target.__dict__.get("__wrapped__", UNKNOWN) if takes_anything else UNKNOWN


def _instance_target(target: object) -> object:
    wrapped = static(target, "__wrapped__")
    if wrapped is not UNKNOWN:
        return wrapped
    found = static(type(target), "__call__")
    return found if is_a(found, FunctionType) else UNKNOWN


# ---- types, names and places of what was found


def literal_type(node: ast.expr) -> str:
    """Type name of a value that is written out in the call; empty for anything else."""
    return type_name(node.value) if isinstance(node, ast.Constant) else _DISPLAYS.get(type(node), "")


def type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def type_at(node: ast.expr, frame: FrameType) -> str:
    """Type name of an argument's value; empty where it would have to be computed."""
    literal = literal_type(node)
    if literal:
        return literal
    value = look_up(node, frame)
    return "" if value is UNKNOWN else type_name(value)


def argument_types(values: Mapping[str, object]) -> dict[str, str]:
    return {key: type_name(value) for key, value in values.items() if isinstance(key, str)}


def code_name(code: CodeType) -> str:
    """The qualified name of running code; its bare name on a Python (before 3.11) that does not keep it."""
    name: str = getattr(code, "co_qualname", code.co_name)
    return name


def own_code_name(function: FunctionType) -> str:
    """`code_name`, from the function where the code does not know: `functools.wraps` changes only the function's."""
    return code_name(function.__code__) if hasattr(function.__code__, "co_qualname") else function.__qualname__


def absolute(file: str) -> str:
    return file if not file or file.startswith("<") else os.path.abspath(file)


def module_file(name: object) -> str:
    """The file of a module that is loaded; empty for one that is not, or that has none."""
    module = sys.modules.get(name) if isinstance(name, str) else None
    return file_of(module)


def file_of(module: object) -> str:
    file = vars(module).get("__file__") if is_a(module, ModuleType) else None
    return absolute(file) if isinstance(file, str) else ""


def class_line(kind: type, file: str) -> int:
    """The line of a class's `class` statement; 0 where it is not found."""
    first = vars(kind).get("__firstlineno__")  # since Python 3.13
    if type(first) is int:
        return first
    pattern = re.compile(rf"\s*class\s+{re.escape(kind.__qualname__.rpartition('.')[2])}\b")
    linecache.checkcache(file)
    return next((at for at, line in enumerate(linecache.getlines(file), 1) if pattern.match(line)), 0)
