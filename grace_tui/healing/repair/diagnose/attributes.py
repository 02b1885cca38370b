"""What an object lacks, or is not: attributes, methods and properties, coroutines, abstract classes, keys."""

import re
from collections.abc import Iterator, Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose.common import NOT_MINE, consumers
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.index import Found, plain
from grace_tui.healing.repair.members.abstract import MESSAGE, missing_methods
from grace_tui.healing.repair.members.awaiting import (
    few_coroutine_functions,
    is_needless,
    named_coroutine,
    named_functions,
    uses_of,
)
from grace_tui.healing.repair.members.binding import disagreeing, lacks_class_binding
from grace_tui.healing.repair.members.classes import classes_of, own
from grace_tui.healing.repair.members.held import held_at
from grace_tui.healing.repair.members.keys import mapping_of
from grace_tui.healing.repair.members.returned import wrapped_at
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

MISSING_ATTRIBUTE = "missing_attribute"
METHOD_OR_PROPERTY = "method_or_property"
ABSTRACT_CLASS = "abstract_class"
AWAITING = "awaiting"
CLASS_OR_INSTANCE = "class_or_instance"
MISSING_KEY = "missing_key"
RETURN_SHAPE = "return_shape"
MISBOUND = "misbound"
MISSING_OVERRIDE = "missing_override"
SETTER_OF_A_METHOD = "setter_of_a_method"

_ATTRIBUTE = re.compile(r"(?P<type>type object )?'(?P<owner>[\w.]+)'(?: object)? has no attribute '(?P<name>\w+)'")
_CALLED = re.compile(r"object is not callable")
_NO_SETTER = re.compile(r"'function' object has no attribute '(?:setter|getter|deleter)'")
_SETTER = re.compile(r"@(\w+)\.(?:setter|getter|deleter)\b")
_COROUTINE = re.compile(r"\bcoroutine\b|\basync_generator\b|<coroutine object")
_AWAITED = re.compile(
    r"can't be used in 'await' expression|'async for' (?:requires|received)|'async with'|asynchronous context manager"
)
_NO_VALUES = frozenset({"SyntaxError", "IndentationError", "ImportError", "ModuleNotFoundError", "NameError"})
"""Failures that come before any value is there."""

WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    MISSING_ATTRIBUTE: {"AttributeError": _ATTRIBUTE},
    ABSTRACT_CLASS: {"TypeError": MESSAGE},
}


def missing_attribute(failure: Failure, scene: Scene) -> Site | Refused:
    """`'X' object has no attribute 'n'`, `type object 'X' has no attribute 'n'`."""
    match = next((found for _, text in _said(failure) if (found := _ATTRIBUTE.search(text))), None)
    name = match["name"] if match is not None else failure.asked if failure.kind == "AttributeError" else ""
    classes = own(classes_of(failure, scene.index, match["owner"] if match is not None else "")) if name else []
    if not classes:
        return NOT_MINE
    first = classes[0]
    for entry in classes:  # a private name is kept under its class's
        name = name.removeprefix(f"_{entry.node.name.lstrip('_')}") if "__" in name else name
    of_class = bool(match is not None and match["type"]) or (
        failure.subject is not None and failure.subject.what == "class"
    )
    asked = ("class",) if of_class else ("instance",)
    return Site(MISSING_ATTRIBUTE, first.path, first.qualname, name, "", consumers(failure, first.path), asked)


def missing_override(failure: Failure, scene: Scene) -> Site | Refused:
    """A NotImplementedError of a method that a base leaves to its heirs, called of an heir."""
    if failure.kind != "NotImplementedError" or not failure.asked or failure.subject is None:
        return NOT_MINE
    classes = own(classes_of(failure, scene.index))
    if not classes:
        return NOT_MINE
    first, asked = classes[0], (failure.subject.what,)
    return Site(MISSING_OVERRIDE, first.path, first.qualname, failure.asked, "", consumers(failure, first.path), asked)


def setter_of_a_method(failure: Failure, scene: Scene) -> Site | Refused:
    """`'function' object has no attribute 'setter'`, in the body of a class."""
    frame = failure.frames[-1] if failure.frames else None
    if frame is None or not _NO_SETTER.match(failure.message) or frame.file not in scene.index.names:
        return NOT_MINE
    text = scene.index.text(frame.file).splitlines()
    mark = _SETTER.match(text[frame.line - 1].strip()) if 0 < frame.line <= len(text) else None
    if mark is None:
        return NOT_MINE
    return Site(SETTER_OF_A_METHOD, frame.file, plain(frame.function), mark[1], "", consumers(failure, frame.file))


def _said(failure: Failure) -> Iterator[tuple[str, str]]:
    """(type, message) of the exception and of what led to it: some wrap an error in one of their own."""
    yield failure.kind, failure.message
    yield from reversed(failure.chain)


def method_or_property(failure: Failure, scene: Scene) -> Site | Refused:
    """`'method' object is not subscriptable`, `'int' object is not callable`, and other failures of such values."""
    if failure.kind in _NO_VALUES:
        return NOT_MINE
    found = next(disagreeing(failure, scene.index), None)
    if found is None:
        return NOT_MINE
    entry = found.found
    return Site(METHOD_OR_PROPERTY, entry.path, entry.qualname, entry.node.name, "", consumers(failure, entry.path))


def abstract_class(failure: Failure, scene: Scene) -> Site | Refused:
    """`Can't instantiate abstract class X with abstract method m`."""
    match = MESSAGE.match(failure.message) if failure.kind == "TypeError" else None
    found = missing_methods(failure, scene.index) if match is not None else []
    if match is None or not found:
        return NOT_MINE
    path = found[0].declared.path
    names = tuple(each.declared.node.name for each in found)
    return Site(ABSTRACT_CLASS, path, match["name"], names[0], "", consumers(failure, path), names[1:])


def awaiting(failure: Failure, scene: Scene) -> Site | Refused:
    """`coroutine 'f' was never awaited`, `'coroutine' object is not iterable`, `object int can't be used in…`."""
    if failure.kind in _NO_VALUES:
        return NOT_MINE
    told = any(_COROUTINE.search(text) for _, text in _said(failure))
    if _AWAITED.search(failure.message) and not told:
        for entry in named_functions(failure, scene.index, "def"):
            if {use.taken for use in uses_of(scene.index, entry)} == {"awaited"}:
                return _awaiting(failure, entry)
        return NOT_MINE
    named = named_coroutine(failure.message, scene.index)
    named += [entry for entry in named_functions(failure, scene.index, "async def") if entry not in named]
    for entry in named:
        if is_needless(scene.index, entry, surely=not told):
            return _awaiting(failure, entry, *(["coroutine"] if told else []))
    every = few_coroutine_functions(scene.index)
    awaits = bool(scene.index.saying(r"\bawait\b"))  # where nothing does, one coroutine function is a slip
    others = [entry for entry in every if is_needless(scene.index, entry, surely=awaits)]
    return _awaiting(failure, others[0]) if len(others) == 1 else NOT_MINE


def _awaiting(failure: Failure, entry: Found, *asked: str) -> Site:
    left = consumers(failure, entry.path)
    return Site(AWAITING, entry.path, entry.qualname, entry.node.name, "", left, asked)


def class_or_instance(failure: Failure, scene: Scene) -> Site | Refused:
    """`X.m() missing 1 required positional argument: 'self'`, `'X' object is not callable`, and what else tells of it.

    The failing line uses a name at the top of a module that is set to a class, or to one made of it.
    """
    if failure.kind not in ("TypeError", "AttributeError"):
        return NOT_MINE
    for frame in [frame for frame in failure.frames if frame.file in scene.index.names][::-1][:2]:
        for path, name, called in held_at(scene.index, frame.file, frame.line):
            wrong = _CALLED.search(failure.message) if called else not _CALLED.search(failure.message)
            if wrong and not is_test(path):
                return Site(CLASS_OR_INSTANCE, path, name, name, "", consumers(failure, path))
    return NOT_MINE


def missing_key(failure: Failure, scene: Scene) -> Site | Refused:
    """A KeyError of a mapping that the tree writes out."""
    subject = failure.subject
    if failure.kind != "KeyError" or subject is None or subject.what != "mapping" or not failure.asked.isprintable():
        return NOT_MINE
    paths = [subject.file, *(path for path in scene.index.files if path != subject.file)]
    wanted = [path for path in paths if path in scene.index.names and not is_test(path)]
    for path in wanted:
        site = Site(MISSING_KEY, path, subject.name, failure.asked, "", consumers(failure, path), tuple(subject.names))
        if mapping_of(scene.index, site) is not None:
            return site
    return NOT_MINE


def return_shape(failure: Failure, scene: Scene) -> Site | Refused:
    """Any failure of a value that came from a function which declares to return another."""
    if failure.kind in _NO_VALUES:
        return NOT_MINE
    found = next(wrapped_at(failure, scene.index), None)
    if found is None:
        return NOT_MINE
    left = consumers(failure, found.path)
    return Site(RETURN_SHAPE, found.path, found.qualname, found.node.name, "", left)


def misbound(failure: Failure, scene: Scene) -> Site | Refused:
    """Any failure inside a method that takes the class first, and that nothing hands the class to."""
    if failure.kind in _NO_VALUES:
        return NOT_MINE
    for frame in [frame for frame in failure.frames if frame.file in scene.index.names][::-1]:
        found = scene.index.find(frame.file, frame.function) if "." in frame.function else None
        if found is not None and not is_test(frame.file) and lacks_class_binding(scene.index, found):
            left = consumers(failure, found.path)
            return Site(MISBOUND, found.path, found.qualname, found.node.name, "", left)
    return NOT_MINE


RECOGNISERS: Mapping[str, Diagnose] = {
    MISSING_ATTRIBUTE: missing_attribute,
    METHOD_OR_PROPERTY: method_or_property,
    ABSTRACT_CLASS: abstract_class,
    AWAITING: awaiting,
    CLASS_OR_INSTANCE: class_or_instance,
    MISSING_KEY: missing_key,
    RETURN_SHAPE: return_shape,
    MISBOUND: misbound,
    MISSING_OVERRIDE: missing_override,
    SETTER_OF_A_METHOD: setter_of_a_method,
}
