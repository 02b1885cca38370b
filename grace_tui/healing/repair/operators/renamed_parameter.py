"""A parameter that was renamed while callers still send its earlier name: that name feeds it, and both are taken.

Where the parameter has a default, the earlier name is one more keyword of the signature. A parameter that must be
passed has no default to fall back on: there a small decorator hands the value on, and Python's own errors remain.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.calling.defaults import docs_of
from grace_tui.healing.repair.calling.kin import kin_of
from grace_tui.healing.repair.calling.parameters import BY_PLACE, NAMED, Kind, Parameter
from grace_tui.healing.repair.index import likeness, plain
from grace_tui.healing.repair.operators.earlier_names import decorated
from grace_tui.healing.repair.operators.reshape import Slot, arranged, parameter, prepend, slots
from grace_tui.healing.repair.operators.signature import annotation_for
from grace_tui.healing.repair.operators.target import Target, ranked, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

SIMILAR = 0.6
"""How alike two names must be, from 0 to 1, to be taken for one that was renamed."""


@dataclass(frozen=True, slots=True)
class RenamedParameter:
    name: str
    problem: str

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        if not site.name or any(entry.name == site.name for entry in target.given):
            return Refused(self.name, f"{plain(site.qualname)} has a parameter {site.name or 'of every name asked'}")
        open_ = _unfilled(target)
        found = [(entry, *said) for entry in open_ if (said := _evidence(target, entry, open_))[0]]
        patches = ranked([self._patch(target, entry, score, why) for entry, score, why in found], rivals=True)
        if patches:
            return patches[:3]
        left = ", ".join(entry.name for entry in open_) or "none"
        return Refused(
            self.name, f"no parameter of {target.found.qualname} shows that it was once {site.name}; left: {left}"
        )

    def _patch(self, target: Target, new: Parameter, score: float, why: str) -> Patch:
        earlier = target.site.name
        summary = f"{target.found.qualname} takes {earlier} as {new.name}"
        changed = _alias(target, earlier, new)
        return target.patch(self.name, summary, changed, score, why)


def _unfilled(target: Target) -> list[Parameter]:
    """Named parameters that the failing call leaves open."""
    call = target.call
    by_place = [entry for entry in target.given if entry.kind in BY_PLACE]
    filled = {entry.name for entry in by_place[: len(call.positional)]} | set(call.keywords) if call else set()
    return [
        entry for entry in target.given if entry.kind in (Kind.PLAIN, Kind.KEYWORD_ONLY) and entry.name not in filled
    ]


def _evidence(target: Target, new: Parameter, open_: Sequence[Parameter]) -> tuple[float, str]:
    """How much speaks for `new` being the earlier name's parameter; 0 for nothing."""
    earlier = target.site.name
    said = list(_said(target, new, open_, earlier))
    return max(said, default=(0.0, ""))


def _said(target: Target, new: Parameter, open_: Sequence[Parameter], earlier: str) -> Iterator[tuple[float, str]]:
    if _feeds(target.node, new.name, earlier):
        yield 0.85, f"the body uses {new.name} under the name {earlier}"
    names = {entry.name for entry in target.given}
    listed = [entry.name for entry in docs_of(target.index, target.found)]
    if _only_change(listed, names, earlier, new.name):
        yield 0.8, f"the docstring lists {earlier} where the signature has {new.name}"
    for kin in kin_of(target.index, target.found):
        if _only_change([entry.name for entry in kin.parameters if entry.kind in NAMED], names, earlier, new.name):
            yield 0.75, f"{kin} has {earlier} where this has {new.name}"
    required = [entry for entry in open_ if entry.default is None]
    if required == [new]:
        yield 0.7, f"{new.name} is the only parameter that the call leaves open"
    alike = likeness(earlier, new.name)
    if alike >= SIMILAR and not required[1:]:
        yield round(0.35 + 0.25 * alike, 2), f"{earlier} and {new.name} are alike"
    if len(open_) == 1 and _suits(target.site.value_type, new):
        yield 0.4, f"{new.name} is the only parameter that the call leaves open"


def _feeds(node: ast.AST, new: str, earlier: str) -> bool:
    """`self.earlier = new`, `call(earlier=new)`, `{"earlier": new}`."""
    for part in ast.walk(node):
        if isinstance(part, ast.keyword) and part.arg == earlier and _is(part.value, new):
            return True
        if isinstance(part, ast.Dict):
            pairs = zip(part.keys, part.values, strict=True)
            if any(isinstance(key, ast.Constant) and key.value == earlier and _is(value, new) for key, value in pairs):
                return True
        if isinstance(part, ast.Assign) and _mentions(part.value, new):
            for goal in part.targets:
                if isinstance(goal, ast.Attribute) and goal.attr.strip("_") == earlier.strip("_"):
                    return True
    return False


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _mentions(node: ast.AST, name: str) -> bool:
    return any(_is(part, name) for part in ast.walk(node))


def _only_change(listed: Sequence[str], names: set[str], earlier: str, new: str) -> bool:
    """Whether a list that tells the earlier name differs from the signature in just this one."""
    if earlier not in listed or new in listed:
        return False
    strangers = [name for name in names if name not in listed]
    if strangers == [new]:
        return True
    gone = [name for name in listed if name not in names]
    return gone == [earlier] and likeness(earlier, new) >= SIMILAR


def _suits(value_type: str, new: Parameter) -> bool:
    """Whether a value of that type is one the parameter's default or annotation lets expect."""
    if not value_type or new.default in (None, "None"):
        return True
    try:
        default = type(ast.literal_eval(new.default or "")).__name__
    except (ValueError, SyntaxError):
        return True
    return default == value_type or {default, value_type} <= {"int", "float", "bool"}


def _alias(target: Target, earlier: str, new: Parameter) -> cst.FunctionDef | cst.Module:
    if new.default is None or _none_means_something(target, earlier, new):
        return decorated(target.module, target.function, earlier, new.name, asynchronous=_is_coroutine(target.node))
    annotation = new.annotation  # that of a parameter which may be None fits its earlier name as well
    if annotation and new.default != "None":
        annotation = annotation_for(target.site.value_type, target.index.text(target.site.provider))
    slot = Slot(Kind.KEYWORD_ONLY, parameter(earlier, annotation=annotation, default="None"))
    function = arranged(target.function, [*slots(target.function), slot])
    qualname = target.found.qualname
    both = f'raise TypeError("{qualname}() got both {new.name} and {earlier}, its earlier name")'
    default = next(slot.node.default for slot in slots(target.function) if slot.name == new.name)
    unset = "is not None" if new.default == "None" else f"!= {target.module.code_for_node(default) if default else ''}"
    lines = [f"if {earlier} is not None:  # kept for callers that use the earlier name of {new.name}"]
    if _comparable(new.default):
        lines += [f"    if {new.name} {unset}:", f"        {both}"]
    lines.append(f"    {new.name} = {earlier}")
    return prepend(function, "\n".join(lines) + "\n", target.module)


def _comparable(default: str) -> bool:
    try:
        ast.literal_eval(default)
    except (ValueError, SyntaxError):
        return False
    return True


def _none_means_something(target: Target, earlier: str, new: Parameter) -> bool:
    """Whether a caller passes None where the default is something else: then None cannot mean `not passed`."""
    if new.default == "None":
        return False
    return target.site.value_type == "NoneType" or any(call.keywords.get(earlier) == "None" for call in target.calls())


def _is_coroutine(node: ast.AST) -> bool:
    if not isinstance(node, ast.AsyncFunctionDef):
        return False
    return not any(isinstance(part, ast.Yield) for part in ast.walk(node))
