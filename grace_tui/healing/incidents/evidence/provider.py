"""The provider of the failing call: whose interface it was, how that was found, or why nobody can say.

`point` runs on the loop, while the frames are there, and follows live objects without calling them; `as_written` reads
the definition's signature from its source, in the evidence's thread. What is not known is said, never guessed.
"""

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import Any, cast

from grace_tui.healing.failure import Callee, Failure
from grace_tui.healing.hook.grace_hook.names import UNKNOWN, is_a, look_up
from grace_tui.healing.hook.grace_hook.source import failing_text
from grace_tui.healing.incidents.callee import refused_by
from grace_tui.healing.incidents.capture import leaf_of, trace_of
from grace_tui.healing.incidents.evidence.storage import module_of, stored, type_name
from grace_tui.healing.incidents.places import place
from grace_tui.healing.incidents.scopes import definition
from grace_tui.kernel.errors import ProviderDown
from grace_tui.kernel.parsing import parse_module
from grace_tui.kernel.redact import redact

TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Provider:
    how: str
    """How it was found, or why it could not be."""
    name: str = ""
    """Qualified name of the function or class; of a module its name; empty where it is not known."""
    file: str = ""
    """Relative to the workspace where it lies inside; absolute otherwise."""
    line: int = 0
    signature: str = ""
    text: str = ""
    """The expression that failed, as it is written."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Of a refused call: keyword -> type of the value passed."""
    kernel: str = ""
    """The kernel that was called, where it was one that is down."""

    @property
    def found(self) -> bool:
        return bool(self.name or self.file or self.kernel)


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where the traceback ends: the innermost frame, and what stands at the failing place."""

    frame: FrameType
    node: ast.expr
    text: str


def point(error: BaseException, root: Path) -> Provider:
    """Follow the failing expression to what it asked."""
    leaf, _ = leaf_of(error)
    for look in (_syntax, _down, _refused, _import, _attribute, _entry, _innermost):
        try:
            found = look(leaf, root)
        except Exception as defect:  # the objects of a crash may be anything; the next way to look may do
            found = None
            problem = f"looking for it broke: {type_name(type(defect))}"
        else:
            problem = "no function of the workspace is in the traceback"
        if found is not None:
            return found
    return Provider(problem)


def told_of(failure: Failure) -> Provider:
    """The same from plain data, where the objects were in another process or there never were any."""
    if failure.callee is not None:
        return _of_callee(failure.callee, "the call was refused; found by the name in the message, in the source")
    if failure.missing is not None:
        module, name, file = failure.missing
        return Provider(f"the module has no {name}", module, file)
    for frame in reversed(failure.frames):
        if frame.in_project:
            how = "the innermost function of the workspace in the traceback; its objects were in another process"
            return Provider(how, frame.function, frame.file, frame.line, text=frame.source)
    how = "no function of the workspace is in the traceback" if failure.frames else "nothing was raised by a call"
    return Provider(how)


def as_written(found: Provider, root: Path) -> Provider:
    """Add what the source says: the line of a class, the signature."""
    if not found.file or found.signature:
        return found
    written = definition(root / found.file, found.name, found.line)
    if written is None:
        return found
    line, signature = written
    return replace(found, line=line, signature=redact(signature))


# ---- the ways to look, the surest first


def _syntax(leaf: BaseException, root: Path) -> Provider | None:
    if not is_a(leaf, SyntaxError):
        return None
    error = cast(SyntaxError, leaf)
    file, _ = place(_text(error.filename), root)
    line = error.lineno if type(error.lineno) is int else 0
    return Provider("the file that Python could not read", "", file, line, text=_cut(_text(error.text)))


def _down(leaf: BaseException, root: Path) -> Provider | None:
    if not is_a(leaf, ProviderDown):
        return None
    kernel, state = _text(stored(leaf, "provider")), _text(stored(leaf, "state"))
    return Provider(f"the kernel that was called; it is {state}", kernel=kernel)


def _refused(leaf: BaseException, root: Path) -> Provider | None:
    callee = refused_by(leaf, root)
    if callee is None:
        return None
    return _of_callee(callee, "the call was refused; found by following its expression in the live frame")


def _import(leaf: BaseException, root: Path) -> Provider | None:
    if not is_a(leaf, ImportError):
        return None
    error = cast(Any, leaf)
    lacking = _text(getattr(error, "name_from", None))  # new in Python 3.12
    name = _text(error.name)
    file = _text(error.path) or _file_of(sys.modules.get(name))
    if is_a(leaf, ModuleNotFoundError) or not file:
        return Provider(f"no module {name} can be imported, so there is no provider")
    return Provider(f"the module lacks {lacking or 'the name'}", name, place(file, root)[0])


def _attribute(leaf: BaseException, root: Path) -> Provider | None:
    if not is_a(leaf, AttributeError):
        return None
    error = cast(AttributeError, leaf)
    if type(error.name) is not str:  # raised by hand
        return None
    spot = _spot(leaf)
    text = spot.text if spot else ""
    if error.obj is None:
        return _none(spot, root)
    how = f"the {{}} whose attribute {error.name} is missing"
    if is_a(error.obj, ModuleType):
        module = cast(Any, error.obj)
        return Provider(how.format("module"), _module_name(module), _placed(_file_of(module), root), text=text)
    kind = cast(type, error.obj) if is_a(error.obj, type) else type(error.obj)
    return _of_class(kind, how.format("class" if is_a(error.obj, type) else "class of the object"), text, root)


def _entry(leaf: BaseException, root: Path) -> Provider | None:
    """The object that has no such key or index, or is None where something else was needed."""
    spot = _spot(leaf)
    if spot is None:
        return None
    if is_a(leaf, TypeError) and "'NoneType' object" in _said(leaf):
        return _none(spot, root)
    if not is_a(leaf, LookupError) or not isinstance(spot.node, ast.Subscript):
        return None
    container = look_up(spot.node.value, spot.frame)
    if container is UNKNOWN:
        return None
    kind = type(container)
    how = f"the {type_name(kind)} that has no such entry"
    if module_of(kind) != "builtins" or not isinstance(spot.node.value, ast.Attribute):
        return _of_class(kind, how, spot.text, root) if module_of(kind) != "builtins" else None
    owner = look_up(spot.node.value.value, spot.frame)
    if owner is UNKNOWN or is_a(owner, ModuleType):
        return None
    return _of_class(type(owner), f"{how} is {spot.node.value.attr} of this class", spot.text, root)


def _none(spot: _Spot | None, root: Path) -> Provider | None:
    """Who gave the None: the function that was called for it, or the object that has it."""
    if spot is None:
        return None
    asked: ast.expr | None = None
    if isinstance(spot.node, ast.Attribute | ast.Subscript):
        asked = spot.node.value
    elif isinstance(spot.node, ast.Call):
        asked = spot.node.func.value if isinstance(spot.node.func, ast.Attribute) else spot.node.func
    asked = asked.value if isinstance(asked, ast.Await) else asked
    if isinstance(asked, ast.Call):
        target = look_up(asked.func, spot.frame)
        target = cast(Any, target).__func__ if is_a(target, staticmethod, classmethod) else target
        if is_a(target, FunctionType):
            return _of_function(cast(FunctionType, target), "the function that gave the None", spot.text, root)
    if isinstance(asked, ast.Attribute):
        owner = look_up(asked.value, spot.frame)
        if owner is not UNKNOWN:
            how = f"its {asked.attr} is None"
            return _of_class(type(owner), f"the class of the object: {how}", spot.text, root)
    return None


def _innermost(leaf: BaseException, root: Path) -> Provider | None:
    """The function of the workspace in which it was raised, or which called what raised it."""
    frames = trace_of(leaf)
    for number, (frame, line) in enumerate(reversed(frames)):
        file, own = place(frame.f_code.co_filename, root)
        if not own:
            continue
        how = "the innermost function of the workspace; it was raised here"
        if number:
            below = frames[-1][0].f_code
            how = f"the innermost function of the workspace; {below.co_qualname} raised it, in {below.co_filename}"
        return Provider(how, frame.f_code.co_qualname, file, frame.f_code.co_firstlineno, text=f"line {line}")
    return None


# ---- what was found, described


def _of_callee(callee: Callee, how: str) -> Provider:
    return Provider(
        how, callee.qualname, callee.file, callee.line, redact(callee.signature), arguments=callee.arguments
    )


def _of_function(found: FunctionType, how: str, text: str, root: Path) -> Provider:
    code = found.__code__
    return Provider(how, code.co_qualname, _placed(code.co_filename, root), code.co_firstlineno, text=text)


def _of_class(kind: type, how: str, text: str, root: Path) -> Provider:
    module = sys.modules.get(module_of(kind))
    file = _placed(_file_of(module), root) if module is not None else _file_of_methods(kind, root)
    return Provider(how, type_name(kind), file, text=text)


def _file_of_methods(kind: type, root: Path) -> str:
    """Where a class of a module that nobody can import by name is written: where its functions are."""
    for found in islice(vars(type)["__dict__"].__get__(kind).values(), 100):
        if type(found) is FunctionType:
            return _placed(found.__code__.co_filename, root)
    return ""


def _module_name(module: Any) -> str:
    name = _stored_in(module, "__name__")
    return name if type(name) is str else ""


def _stored_in(module: Any, wanted: str) -> object:
    names = cast(Any, vars(ModuleType)["__dict__"]).__get__(module)
    return next((found for name, found in list(names.items()) if type(name) is str and name == wanted), None)


def _file_of(module: object) -> str:
    file = _stored_in(module, "__file__") if is_a(module, ModuleType) else None
    return file if type(file) is str else ""


def _placed(file: str, root: Path) -> str:
    return place(file, root)[0] if file else ""


# ---- the failing place


def _spot(leaf: BaseException) -> _Spot | None:
    trace: TracebackType | None = object.__getattribute__(leaf, "__traceback__")
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    text = failing_text(trace)
    try:
        body = parse_module(f"({text})").body if text else []
    except (SyntaxError, ValueError):  # half an expression, or a file that changed under the running code
        body = []
    if not body or not isinstance(body[0], ast.Expr):
        return None
    return _Spot(trace.tb_frame, body[0].value, _cut(text))


def _said(leaf: BaseException) -> str:
    """The message of an exception of Python's own."""
    arguments = stored(leaf, "args")
    return _text(arguments[0]) if type(arguments) is tuple and arguments else ""


def _text(value: object) -> str:
    """A text that may be handled like one; a class of somebody's own may do anything when it is."""
    return value if type(value) is str else ""


def _cut(text: str) -> str:
    text = redact(text.strip())
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}…"
