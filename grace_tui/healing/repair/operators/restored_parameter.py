"""A body still uses a name that its signature no longer takes: the parameter is put back where it stood.

Callers send it (by keyword or by place), or the body meets it as a name that nothing binds.
"""

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.calling.callers import Call, argument_name
from grace_tui.healing.repair.calling.defaults import Default, defaults_for, docs_of
from grace_tui.healing.repair.calling.kin import kin_of
from grace_tui.healing.repair.calling.lost import SELF_NAMES, constant_first, lost_names, passed_on_as
from grace_tui.healing.repair.calling.parameters import BY_PLACE, Kind, decorators_of, parameters_of
from grace_tui.healing.repair.calling.placing import Place, places_for
from grace_tui.healing.repair.calling.spoken import spoken_of
from grace_tui.healing.repair.index import FunctionNode, plain
from grace_tui.healing.repair.operators.reshape import Slot, arranged, parameter, slots, valid
from grace_tui.healing.repair.operators.target import Target, ranked, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

MOST = 4


@dataclass(frozen=True, slots=True)
class RestoredParameter:
    name: str
    problem: str

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        wanted = _wanted(target)
        patches = [patch for name in wanted for patch in self._restored(target, name)]
        if patches:
            return ranked(patches)[:MOST]
        asked = f"uses {site.name}" if site.name else "uses a name"
        return Refused(self.name, f"nothing in {plain(site.qualname)} {asked} that was its parameter")

    def _restored(self, target: Target, name: str) -> Iterator[Patch]:
        evidence = f"the body of {target.found.qualname} uses {name}, which nothing binds"
        if name in SELF_NAMES and target.method and name not in _passed_by_name(target):
            if "staticmethod" not in decorators_of(target.node):
                yield self._patch(
                    target, [Slot(Kind.PLAIN, parameter(name)), *slots(target.function)], name, 0.8, evidence
                )
            return
        star = passed_on_as(target.node, name) or ("*" if _stands_for_several(target) else "")
        if star:
            kind = Kind.KWARGS if star == "**" else Kind.ARGS
            if all(slot.kind is not kind for slot in slots(target.function)):
                yield self._patch(
                    target, [*slots(target.function), Slot(kind, parameter(name))], f"{star}{name}", 0.8, evidence
                )
            return
        yield from self._placed(target, name, evidence)

    def _placed(self, target: Target, name: str, evidence: str) -> Iterator[Patch]:
        constant = constant_first(target.node, name)
        if constant is not None:
            evidence = f"{target.found.qualname} sets {name} to a constant where it took it"
        sure = target.site.problem == "lost_parameter" and _spoken_of(target, name)
        places = places_for(target.index, target.found, target.given, name, target.calls())
        for place in places:
            for default, told in _defaults(target, name, constant):
                changed = _inserted(target, name, place, default) or _inserted(target, name, place, None)
                if changed is None:
                    continue
                function = _without(target, arranged(target.function, changed), constant)
                if not target.heals(changed):
                    continue
                score = round(
                    0.55 + 0.2 * place.score + (0.05 if told else 0.0) - (0.1 if constant else 0.0) + 0.1 * sure, 2
                )
                why = f"its default: {told}" if told else "every call that can be seen passes it"
                if default is not None and not told:
                    why, score = "nothing tells its default", round(score - 0.03, 2)
                yield target.patch(
                    self.name, f"{target.found.qualname} takes {name} again", function, score, evidence, place.why, why
                )

    def _patch(self, target: Target, changed: list[Slot], name: str, score: float, evidence: str) -> Patch:
        summary = f"{target.found.qualname} takes {name} again"
        return target.patch(self.name, summary, arranged(target.function, changed), score, evidence)


def _wanted(target: Target) -> list[str]:
    """The lost names that the failure may be about."""
    lost = lost_names(target.index, target.found.path, target.node)
    asked = target.site.name
    if asked and target.site.problem != "multiple_values":
        if asked in lost or _shadows_a_builtin(target, asked) or constant_first(target.node, asked) is not None:
            return [asked] if _was_a_parameter(target, asked) else []
        return [name for name in lost if passed_on_as(target.node, name) == "**"]
    stood_in = [name for name in _set_first(target.node) if constant_first(target.node, name) is not None]
    told = [name for name in stood_in if name in _documented(target)]
    return [*lost, *(told or stood_in[:1])] if target.site.problem == "too_many_positionals" else list(lost)


def _stands_for_several(target: Target) -> bool:
    """Whether some call passes more by place than one parameter could take, and the body lacks just one name."""
    most = sum(entry.kind in BY_PLACE for entry in target.given)
    more = max((len(call.positional) for call in target.calls()), default=0) - most
    alone = len(lost_names(target.index, target.found.path, target.node)) == 1
    return target.site.problem == "too_many_positionals" and alone and max(more, int(target.site.asked[0])) > 1


def _set_first(node: FunctionNode) -> list[str]:
    """Names that the body sets before anything else, its docstring aside."""
    names: list[str] = []
    for statement in node.body[1:] if ast.get_docstring(node) is not None else node.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            break
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names += [entry.id for entry in targets if isinstance(entry, ast.Name)]
    return names


def _documented(target: Target) -> list[str]:
    return [entry.name for entry in docs_of(target.index, target.found)]


def _was_a_parameter(target: Target, name: str) -> bool:
    """A caller's own word is enough; a name that only the body speaks of may as well lack its import."""
    if target.site.problem != "lost_parameter" or name in SELF_NAMES or passed_on_as(target.node, name):
        return True
    # What a body asks to be None, or unset, is no import.
    tolerant = any(entry.text == "None" for entry in defaults_for(target.index, target.found, name))
    kept = _beside(target, name) or _kept_under_its_name(target.node, name)
    return tolerant or kept or _spoken_of(target, name)


def _spoken_of(target: Target, name: str) -> bool:
    return spoken_of(target.index, target.found, target.given, target.calls(), name)


def _passed_by_name(target: Target) -> set[str]:
    return {name for call in target.calls() for name in call.keywords}


def _shadows_a_builtin(target: Target, name: str) -> bool:
    """`max=3` for a body that uses `max` as a value, not to call it: the builtin is what is left of the parameter."""
    if not hasattr(builtins, name):
        return False
    called = {id(part.func) for part in ast.walk(target.node) if isinstance(part, ast.Call)}
    return any(
        isinstance(part, ast.Name) and part.id == name and id(part) not in called for part in ast.walk(target.node)
    )


def _beside(target: Target, name: str) -> bool:
    """Whether functions of the file that share another parameter with this one take that name."""
    own = {entry.name for entry in target.given}
    for entry in target.index.definitions(target.found.path):
        if not isinstance(entry.node, ast.ClassDef) and entry.node is not target.node:
            names = {each.name for each in parameters_of(entry.node)}
            if name in names and (own & names or not own):
                return True
    return False


def _kept_under_its_name(node: ast.AST, name: str) -> bool:
    """`self.name = name`, `call(name=name)`, `{"name": name}`: as parameters are."""
    for part in ast.walk(node):
        value = getattr(part, "value", None)
        if not (isinstance(value, ast.Name) and value.id == name):
            continue
        if isinstance(part, ast.keyword) and part.arg == name:
            return True
        if isinstance(part, ast.Assign) and any(
            isinstance(goal, ast.Attribute) and goal.attr.lstrip("_") == name for goal in part.targets
        ):
            return True
    return False


def _defaults(target: Target, name: str, constant: ast.Assign | ast.AnnAssign | None) -> list[tuple[str | None, str]]:
    """(default or None, what tells it), in the order in which they are tried."""
    if constant is not None and constant.value is not None:
        return [(ast.unparse(constant.value), "the constant that the body sets")]
    told: list[Default] = defaults_for(target.index, target.found, name)
    found: list[tuple[str | None, str]] = [(entry.text, entry.why) for entry in told if entry.score > 0.5]
    kin = [entry for each in kin_of(target.index, target.found) for entry in each.parameters if entry.name == name]
    calls = target.calls()
    if kin:
        required = all(entry.default is None for entry in kin)
    else:
        required = bool(calls) and all(_passes(call, name, len(target.given)) for call in calls)
    if required and not found:
        found.append((None, ""))
    found += [(entry.text, entry.why) for entry in told if entry.score <= 0.5]
    if not any(text == "None" for text, _ in found):
        found.append(("None", ""))
    return found


def _passes(call: Call, name: str, taken: int) -> bool:
    named = any(argument_name(text) == name for text in call.positional)
    return named or name in call.keywords or len(call.positional) > taken


def _inserted(target: Target, name: str, place: Place, default: str | None) -> list[Slot] | None:
    current = slots(target.function)
    node = parameter(name, default=default)
    if place.kind is Kind.KEYWORD_ONLY:
        changed = [*current, Slot(Kind.KEYWORD_ONLY, node)]
    else:
        at = place.at + target.skipped
        kind = Kind.POSITIONAL_ONLY if at < len(target.node.args.posonlyargs) else Kind.PLAIN
        changed = [*current[:at], Slot(kind, node), *current[at:]]
    if not valid(sorted(changed, key=lambda slot: slot.kind)):
        return None
    return changed


def _without(target: Target, function: cst.FunctionDef, constant: ast.Assign | ast.AnnAssign | None) -> cst.FunctionDef:
    """Drop the statement that stood in for the parameter."""
    if constant is None or not isinstance(function.body, cst.IndentedBlock):
        return function
    at = target.node.body.index(constant)
    body = list(function.body.body)
    if len(body) != len(target.node.body):
        return function
    return function.with_changes(body=function.body.with_changes(body=[*body[:at], *body[at + 1 :]]))
