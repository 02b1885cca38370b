"""Classes whose constructor is made from their fields: a field, a field's default, or the decorator that was lost."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.calling.defaults import AGREEING
from grace_tui.healing.repair.calling.documented import documented
from grace_tui.healing.repair.calling.parameters import last_name
from grace_tui.healing.repair.index import Found, Index, plain
from grace_tui.healing.repair.operators.shapes import is_name
from grace_tui.healing.repair.operators.signature import RECORD_DECORATORS, add_field, fields, is_record, locate
from grace_tui.healing.repair.operators.target import parsed, with_replaced
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True)
class _Record:
    site: Site
    index: Index
    found: Found
    module: cst.Module
    node: cst.ClassDef

    def patch(self, operator: str, summary: str, changed: cst.ClassDef, score: float, *evidence: str) -> Patch:
        after = with_replaced(self.module, self.node, changed).code
        edit = FileEdit(self.site.provider, self.index.text(self.site.provider), after)
        return Patch(operator, self.site, summary, (edit,), score, evidence)


def _record(operator: str, site: Site, scene: Scene, *, made: bool = True) -> _Record | Refused:
    """The class of a site; `made` asks that its constructor is made from fields."""
    index, path = scene.index, site.provider
    found = index.find(path, site.qualname)
    if found is None or not isinstance(found.node, ast.ClassDef) or path in site.consumers:
        return Refused(operator, f"{plain(site.qualname)} is no class whose constructor is made from its fields")
    try:
        module = parsed(index.text(path))
    except cst.ParserSyntaxError as error:
        return Refused(operator, f"{path} does not parse: {error.message}, line {error.raw_line}")
    node = locate(module, found.qualname)
    if not isinstance(node, cst.ClassDef) or is_record(node) != made:
        return Refused(operator, f"{plain(site.qualname)} is no class whose constructor is made from its fields")
    return _Record(site, index, found, module, node)


@dataclass(frozen=True, slots=True)
class LostField:
    """More came by place than there are fields, and the methods or the docstring know of such."""

    name: str = "lost_field"
    problem: str = "too_many_positionals"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        record = _record(self.name, site, scene)
        if isinstance(record, Refused):
            return record
        lost = _lost(record)
        more = int(site.asked[0]) if site.asked else 1
        if len(lost) != more:
            told = ", ".join(lost) or "none"
            return Refused(
                self.name, f"{record.found.qualname} lacks {more} fields; its methods and docstring tell {told}"
            )
        changed: cst.ClassDef | None = record.node
        for name in lost:
            changed = add_field(changed, name, "object", "None") if changed is not None else None
        if changed is None:
            return Refused(self.name, f"{record.found.qualname} has no field after which another could stand")
        names = ", ".join(lost)
        summary = f"{record.found.qualname} has the field {names} again"
        return [record.patch(self.name, summary, changed, 0.6, f"its methods or its docstring speak of {names}")]


def _lost(record: _Record) -> list[str]:
    """Attributes that methods read on `self`, or that the docstring lists, and that nothing gives."""
    node = record.found.node
    known = set(fields(record.node))
    for base in record.index.ancestors(record.found):
        known |= set(record.index.attributes(base))
        known |= {
            child.name for child in ast.walk(base.node) if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        }
    read = [
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self"
    ]
    listed = [entry.name for entry in documented(ast.get_docstring(node) or "")]
    return [name for name in dict.fromkeys([*listed, *read]) if name not in known and not name.startswith("__")]


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field that callers do not fill: it gets the default that its annotation, the docstring or the callers tell."""

    name: str = "missing_field"
    problem: str = "missing_argument"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        record = _record(self.name, site, scene)
        if isinstance(record, Refused):
            return record
        changed: cst.ClassDef = record.node
        said: list[str] = []
        scores: list[float] = []
        for name in (site.name, *site.asked):
            told = max(_field_defaults(record, name), default=None)
            if told is None:
                return Refused(self.name, f"nothing tells a default for the field {name} of {record.found.qualname}")
            score, default, why = told
            given = _with_default(changed, name, default)
            if given is None:
                return Refused(self.name, f"a field that must be passed follows {name} of {record.found.qualname}")
            changed = given
            said.append(why)
            scores.append(score)
        names = ", ".join((site.name, *site.asked))
        summary = f"{record.found.qualname} has a default for {names}"
        return [record.patch(self.name, summary, changed, min(scores), *said)]


def _field_defaults(record: _Record, name: str) -> Iterator[tuple[float, str, str]]:
    node = record.found.node
    for entry in documented(ast.get_docstring(node) or ""):
        if entry.name == name and entry.default is not None:
            yield 0.8, entry.default, f"the docstring tells the default {entry.default}"
    for part in getattr(node, "body", []):
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.target.id == name:
            annotation = ast.unparse(part.annotation)
            if "Optional[" in annotation or "None" in annotation.split("|")[-1]:
                yield 0.65, "None", f"the annotation of {name} allows None"
    calls = record.index.calls(record.found.qualname.rpartition(".")[2])
    passed = [ast.unparse(entry.value) for call in calls for entry in call.node.keywords if entry.arg == name]
    constant = passed and all(text == passed[0] for text in passed) and isinstance(_parsed(passed[0]), ast.Constant)
    if constant and len(passed) >= AGREEING:
        yield 0.5, passed[0], f"{len(passed)} other callers pass {name}={passed[0]}"


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _with_default(node: cst.ClassDef, name: str, default: str) -> cst.ClassDef | None:
    """None where a field without a default follows, which Python would refuse."""
    if not isinstance(node.body, cst.IndentedBlock):
        return None
    body = list(node.body.body)
    for at, statement in enumerate(body):
        if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.AnnAssign):
            continue
        field = statement.body[0]
        if is_name(field.target, name):
            changed = field.with_changes(equal=cst.AssignEqual(), value=cst.parse_expression(default))
            rest = [part.body[0] for part in body[at + 1 :] if isinstance(part, cst.SimpleStatementLine)]
            if any(isinstance(part, cst.AnnAssign) and part.value is None for part in rest):
                return None
            body[at] = statement.with_changes(body=[changed, *statement.body[1:]])
            return node.with_changes(body=node.body.with_changes(body=body))
    return None


@dataclass(frozen=True, slots=True)
class LostRecord:
    """A class with fields and no constructor: the decorator that made one is put back."""

    name: str
    problem: str

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        record = _record(self.name, site, scene, made=False)
        if isinstance(record, Refused):
            return record
        if not fields(record.node) or record.node.bases or locate(record.module, f"{record.found.qualname}.__init__"):
            return Refused(self.name, f"{record.found.qualname} has no fields, or another way to be made")
        mark = _decorator(record)
        if not mark:
            return Refused(self.name, f"{site.provider} imports nothing that makes a constructor from fields")
        new = cst.Decorator(cst.parse_expression(mark))
        changed = record.node.with_changes(decorators=[new, *record.node.decorators])
        why = f"it has fields and no constructor, and {site.provider} imports {mark.partition('(')[0]}"
        return [record.patch(self.name, f"{record.found.qualname} is a {mark} again", changed, 0.7, why)]


def _decorator(record: _Record) -> str:
    """As the other records of the file are marked, else by its bare name."""
    bound = {entry.bound for entry in record.index.imports(record.found.path)}
    marks = [
        ast.unparse(mark)
        for entry in record.index.definitions(record.found.path)
        if isinstance(entry.node, ast.ClassDef)
        for mark in entry.node.decorator_list
        if last_name(mark) in RECORD_DECORATORS
    ]
    if marks:
        return max(set(marks), key=marks.count)
    return next((name for name in sorted(RECORD_DECORATORS & bound)), "")
