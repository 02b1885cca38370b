"""What was missing, and the live object that it was asked of: a module, class, instance, function or mapping.

Of the exception's own attributes where the running Python has them, else of its text and the expression that failed.
"""

from __future__ import annotations

import ast
import linecache
import re
import sys
from types import FrameType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any, Iterable, Tuple

from . import names, source
from .calls import Own, Plain

Asked = Tuple[str, "Plain | None"]
MOST_NAMES = 500
_NO_ATTRIBUTE = re.compile(r"has no attribute '(\w+)'")
_NAME = re.compile(r"name '(\w+)' is not defined|variable '(\w+)'")
_NO_NAME = re.compile(r"cannot import name '([^']+)' from (?:partially initialized module )?'([^']+)'")
_NO_MODULE = re.compile(r"No module named '?([\w.]+)'?")
_ABSTRACT = re.compile(r"Can't instantiate abstract class (\w+) (?:with|without an implementation for) abstract method")
_QUOTED = re.compile(r"'(\w+)'")
_NOT_AWAITABLE = re.compile(r"object .+ can't be used in 'await' expression")
_NO_PROTOCOL = re.compile(r"object (?:does not support|is not|has no)\b")
_OF_OBJECT = frozenset(dir(object))


def asked_of(error: BaseException, own: Own) -> Asked:
    """What was missing, and what it was asked of; ("", None) where nothing was."""
    trace = error.__traceback__
    last = source.last_of(trace) if trace is not None else None
    text = str(error)
    if isinstance(error, AttributeError):
        return _attribute(error, text, last)
    if isinstance(error, NameError):
        return _name(error, text, last)
    if isinstance(error, ImportError):
        return _import(error, text)
    if type(error).__module__ == "runpy" and (found := _NO_MODULE.search(text)):
        return found.group(1), None
    if isinstance(error, KeyError) and last is not None and trace is not None:
        return _key(error, trace, last, own)
    if isinstance(error, TypeError) and last is not None:
        return _type(text, last)
    if isinstance(error, NotImplementedError) and last is not None and trace is not None:
        return _override(trace, last)
    return "", None


def missing_in(error: BaseException) -> tuple[str, str, str] | None:
    """For a failed import of a name, or a name that a module lacks: (module, name, the module's file)."""
    if isinstance(error, AttributeError):
        name, subject = asked_of(error, lambda file: False)
        is_module = subject is not None and subject["what"] == "module"
        return (subject["name"], name, subject["file"]) if is_module and subject and name else None
    if not isinstance(error, ImportError) or isinstance(error, ModuleNotFoundError):
        return None
    found = _imported_name(error, str(error))
    if not all(found):
        return None
    path = names.stored(error, "path")
    return (*found, path if isinstance(path, str) else names.module_file(found[0]))


def _imported_name(error: BaseException, text: str) -> tuple[str, str]:
    named = _NO_NAME.match(text)
    module = names.stored(error, "name") or (named.group(2) if named else "")
    name = names.stored(error, "name_from") or (named.group(1) if named else "")
    return module, name


# ---- the kinds of failure


def _attribute(error: AttributeError, text: str, last: TracebackType | None) -> Asked:
    found = _NO_ATTRIBUTE.search(text)
    name = names.stored(error, "name") or (found.group(1) if found else _asked_for(last))
    owner = names.stored(error, "obj", names.UNKNOWN)
    if owner is None or owner is names.UNKNOWN:
        owner = _owner_of(name, last)
    return name, None if owner is names.UNKNOWN else subject_of(owner)


def _owner_of(name: str, last: TracebackType | None) -> object:
    """The object whose attribute was read where the traceback ends; UNKNOWN where that cannot be told."""
    if last is None:
        return names.UNKNOWN
    frame = last.tb_frame
    if frame.f_code.co_name in ("__getattr__", "__getattribute__"):
        return _first_argument(frame)
    node = source.failing_node(last)
    if node is None:
        body = source.nodes_of(frame.f_code, source.lines_of(frame))
        found = [each for each in body if isinstance(each, ast.Attribute) and each.attr == name]
        found = [each for each in found if each.lineno <= last.tb_lineno <= (each.end_lineno or each.lineno)]
        node = found[0] if len(found) == 1 else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
        node = node.func
    return names.look_up(node.value, frame) if isinstance(node, ast.Attribute) and node.attr == name else names.UNKNOWN


def _asked_for(last: TracebackType | None) -> str:
    """The name that a `__getattr__` was given which raised an error in its own words."""
    code = last.tb_frame.f_code if last is not None else None
    if last is None or code is None or code.co_name not in ("__getattr__", "__getattribute__") or not code.co_argcount:
        return ""
    name = last.tb_frame.f_locals.get(code.co_varnames[code.co_argcount - 1])
    return name if isinstance(name, str) else ""


def _first_argument(frame: FrameType) -> object:
    """`self`; for a module's own `__getattr__`, the module."""
    code = frame.f_code
    if "." not in names.code_name(code) and code.co_argcount == 1:
        return sys.modules.get(frame.f_globals.get("__name__", ""), names.UNKNOWN)
    return frame.f_locals.get(code.co_varnames[0], names.UNKNOWN) if code.co_argcount else names.UNKNOWN


def _name(error: NameError, text: str, last: TracebackType | None) -> Asked:
    found = _NAME.search(text)
    name = names.stored(error, "name") or (found.group(1) or found.group(2) if found else "")
    return name, None if last is None else _running_module(last.tb_frame.f_globals)


def _import(error: ImportError, text: str) -> Asked:
    if isinstance(error, ModuleNotFoundError):
        found = _NO_MODULE.search(text)
        name: str = names.stored(error, "name") or (found.group(1) if found else "")
        parent = sys.modules.get(name.rpartition(".")[0])
        return name, subject_of(parent) if names.is_a(parent, ModuleType) else None
    module, name = _imported_name(error, text)
    loaded = sys.modules.get(module)
    if names.is_a(loaded, ModuleType):
        return name, subject_of(loaded)
    return name, _unloaded(module, error.__traceback__)


def _unloaded(module: str, trace: TracebackType | None) -> Plain | None:
    """A module that was still running when it was asked, in a circle of imports: it is gone, but its frame is there."""
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == module:
            return _running_module(frame.f_globals)
        trace = trace.tb_next
    return None


def _key(error: KeyError, trace: TracebackType, last: TracebackType, own: Own) -> Asked:
    key = error.args[0] if error.args else ""
    asked = key if type(key) is str else repr(key) if type(key) in (int, bytes, bool, type(None), tuple) else ""
    if last.tb_frame.f_code.co_name in ("__getitem__", "__missing__"):
        owner = _first_argument(last.tb_frame)
        before = _before(trace, last)
        return asked, _mapping(owner, before or last, own)
    return asked, _mapping(names.UNKNOWN, last, own)


def _before(trace: TracebackType, last: TracebackType) -> TracebackType | None:
    before = None
    each: TracebackType | None = trace
    while each is not None and each is not last:
        before, each = each, each.tb_next
    return before


def _mapping(owner: object, at: TracebackType, own: Own) -> Plain | None:
    node = source.failing_node(at)
    if isinstance(node, ast.Subscript):
        expression: ast.expr | None = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        expression = node.func.value
    else:
        expression = None
    if owner is names.UNKNOWN and expression is not None:
        owner = names.look_up(expression, at.tb_frame)
    if owner is names.UNKNOWN or names.is_a(owner, str, list, tuple):
        return None
    if not names.is_a(owner, dict):
        plain = subject_of(owner)
        return {**plain, "what": "mapping"}
    name, module = _home_of(owner, expression, at.tb_frame, own)
    kept: Any = owner
    keys = [key for key in dict.keys(kept) if type(key) is str]
    file = names.module_file(module)
    return {**_plain("mapping", name, module, file, keys), "line": _assigned_at(name, file)}


def _assigned_at(name: str, file: str) -> int:
    pattern = re.compile(rf"\s*{re.escape(name)}\s*(?::|=(?!=))")
    return next((at for at, line in enumerate(linecache.getlines(file), 1) if pattern.match(line)), 0) if file else 0


def _home_of(owner: object, expression: ast.expr | None, frame: FrameType, own: Own) -> tuple[str, str]:
    """The name and the module in which a mapping is kept: where it is assigned to, else the failing expression."""
    here = str(frame.f_globals.get("__name__", ""))
    for module in (here, *list(sys.modules)):
        found = sys.modules.get(module)
        if not names.is_a(found, ModuleType) or not own(names.file_of(found)):
            continue
        for name, value in list(vars(found).items()):
            if value is owner and _assigned_at(name, names.file_of(found)):
                return name, module
    text = ast.unparse(expression) if expression is not None and sys.version_info >= (3, 9) else ""
    return text or type(owner).__qualname__, here


def _type(text: str, last: TracebackType) -> Asked:
    frame = last.tb_frame
    if found := _ABSTRACT.match(text):
        asked = _QUOTED.findall(text) or [each.strip() for each in text.rpartition("method")[2].lstrip("s ").split(",")]
        kind = _class_named(found.group(1), last)
        return ", ".join(asked), None if kind is None else subject_of(kind)
    node = source.failing_node(last)
    if _NOT_AWAITABLE.match(text):
        return "__await__", _value_of(node.value if isinstance(node, ast.Await) else None, frame)
    if "object is not callable" in text:
        return "__call__", _value_of(node.func if isinstance(node, ast.Call) else None, frame)
    if "object is not subscriptable" in text:
        return "__getitem__", _value_of(node.value if isinstance(node, ast.Subscript) else None, frame)
    return "", None


def _override(trace: TracebackType, last: TracebackType) -> Asked:
    """The method that only a base has, and the object that it was called of."""
    code = last.tb_frame.f_code
    head, _, name = names.code_name(code).rpartition(".")
    caller = _before(trace, last)
    call = source.failed_call(caller) if caller is not None else None
    owner: object = names.UNKNOWN
    if caller is not None and call is not None and isinstance(call.func, ast.Attribute) and call.func.attr == name:
        owner = names.look_up(call.func.value, caller.tb_frame)
    if owner is names.UNKNOWN and head and code.co_argcount and code.co_varnames[0] in ("self", "cls"):
        owner = _first_argument(last.tb_frame)
    return ("", None) if owner is names.UNKNOWN else (name, subject_of(owner))


def _value_of(node: ast.expr | None, frame: FrameType) -> Plain | None:
    value = names.look_up(node, frame)
    return None if value is names.UNKNOWN else subject_of(value)


def _class_named(name: str, last: TracebackType) -> type | None:
    """The class of that name which the failing call names, or which a frame or a module of the program holds."""
    call = source.failed_call(last)
    called = names.look_up(call.func, last.tb_frame) if call is not None else names.UNKNOWN
    nearby = [called, *last.tb_frame.f_locals.values(), *last.tb_frame.f_globals.values()]
    everywhere = (vars(module).get(name) for module in list(sys.modules.values()) if names.is_a(module, ModuleType))
    for found in (*nearby, *everywhere):
        if names.is_a(found, type) and found.__name__ == name and vars(found).get("__abstractmethods__"):
            return found  # type: ignore[no-any-return]
    return None


# ---- objects as plain data


def subject_of(found: Any) -> Plain:
    """Any object as the plain data of a `Subject`."""
    if names.is_a(found, ModuleType):
        return _running_module(vars(found))
    if names.is_a(found, MethodType, staticmethod, classmethod):
        found = found.__func__
    if names.is_a(found, FunctionType):
        code = found.__code__
        file = names.absolute(code.co_filename)
        plain = _plain("function", names.own_code_name(found), found.__module__ or "", file, vars(found))
        return {**plain, "line": code.co_firstlineno}
    if type(found) is super:
        return _of_super(found)
    if names.is_a(found, type):
        return _of_class("class", found, type.__dict__["__mro__"].__get__(found), _classes_of_meta(type(found)))
    own = names.seen(lambda: tuple(object.__getattribute__(found, "__dict__")), ())
    return _of_class("instance", type(found), type.__dict__["__mro__"].__get__(type(found)), (), own)


def _of_super(found: Any) -> Plain:
    """What `super()` looks at: the classes behind the one that asks; that one itself, where nothing is behind it."""
    here = super.__dict__["__thisclass__"].__get__(found)
    owner = super.__dict__["__self_class__"].__get__(found)
    mro = type.__dict__["__mro__"].__get__(owner if owner is not None else here)
    behind = mro[mro.index(here) + 1 :] if here in mro else mro
    written = [kind for kind in behind if kind.__module__ != "builtins"]
    return _of_class("instance", written[0], behind[behind.index(written[0]) :]) if written else subject_of(here)


def _classes_of_meta(meta: type) -> tuple[type, ...]:
    mro: tuple[type, ...] = type.__dict__["__mro__"].__get__(meta)
    return mro if meta is not type else ()


def _of_class(
    what: str, kind: type, mro: Iterable[type], more: Iterable[type] = (), own: Iterable[object] = ()
) -> Plain:
    others = [each for each in (*mro, *more) if each is not kind and each.__module__ != "builtins"]
    found = dict.fromkeys(own)
    for each in (kind, *others):
        found.update(dict.fromkeys(name for name in vars(each) if name not in _OF_OBJECT))
    file = names.module_file(kind.__module__)
    plain = _plain(what, kind.__qualname__, kind.__module__, file, found)
    bases = [[each.__module__, each.__qualname__, names.module_file(each.__module__)] for each in others]
    return {**plain, "line": names.class_line(kind, file) if file else 0, "bases": bases}


def _running_module(variables: Any) -> Plain:
    name = variables.get("__name__")
    file = variables.get("__file__")
    own = [each for each in list(variables) if isinstance(each, str) and not each.startswith("__")]
    name, file = name if isinstance(name, str) else "", names.absolute(file) if isinstance(file, str) else ""
    return _plain("module", name, name, file, own)


def _plain(what: str, name: str, module: object, file: str, own: Iterable[object]) -> Plain:
    listed = [each for each in own if isinstance(each, str)][:MOST_NAMES]
    return {
        "what": what,
        "name": name,
        "module": module if isinstance(module, str) else "",
        "file": file,
        "line": 0,
        "bases": [],
        "names": listed,
    }
