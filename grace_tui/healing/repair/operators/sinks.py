"""Where a function keeps what it is given: the places a new parameter must reach to be stored with its like.

A sink is found by its use of the other parameters *by name*; the more of them it holds, the surer it is the right one.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import libcst as cst

from grace_tui.healing.repair.operators.layout import insert_between, insert_item
from grace_tui.healing.repair.operators.shapes import is_call_of, is_name, last_name

MAPPING_NAMES = frozenset(
    {"metadata", "meta", "extra", "extras", "payload", "kwargs", "details", "fields", "attributes"}
)

LOG_VERBS = frozenset({"print", "debug", "info", "warning", "error", "exception", "critical", "log"})
TEMPLATE_VERBS = frozenset({"format", "format_map", "substitute", "safe_substitute", "bindparams"})
"""A line in a log is not storage, and a template drops what it does not name."""

_CODE = cst.Module([])


@dataclass(frozen=True)
class Sink:
    """One place of storage; `store` returns the function with the new name stored there."""

    kind: str
    holds: int
    """How many of the other parameters it holds."""
    store: Callable[[cst.FunctionDef], cst.FunctionDef]
    callee: cst.BaseExpression | None = None
    """For a call: what is called; it must be able to take and keep the name too."""


def find_sinks(function: cst.FunctionDef, params: Sequence[str], name: str) -> list[Sink]:
    """Every sink for `name` in the function's own body, surest first."""
    scope = _Scope()
    function.body.visit(scope)
    found = [
        *_dicts(scope.dicts, params, name, "\n".join(scope.strings)),
        *_assignments(scope.lines, params, name, constructor=function.name.value in ("__init__", "__post_init__")),
        *_mappings(scope.lines, name),
        *_calls(scope.calls, params, name),
    ]
    return sorted(found, key=lambda sink: (-sink.holds, _ORDER.index(sink.kind)))


_ORDER = ("attribute", "dict", "item", "keyword call", "forwarded call", "mapping")


class _Scope(cst.CSTVisitor):
    """Collects from one function's body, not from functions and classes inside it."""

    def __init__(self) -> None:
        self.dicts: list[cst.Dict] = []
        self.calls: list[cst.Call] = []
        self.lines: list[cst.SimpleStatementLine] = []
        self.strings: list[str] = []

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        self.strings.append(node.value)

    def visit_Dict(self, node: cst.Dict) -> None:
        self.dicts.append(node)

    def visit_Call(self, node: cst.Call) -> None:
        self.calls.append(node)

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        self.lines.append(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False


# ---- dict literals: {"actor": actor, ...}


def _dicts(dicts: Iterable[cst.Dict], params: Sequence[str], name: str, strings: str) -> Iterable[Sink]:
    for node in dicts:
        held = [(at, held_as) for at, element in enumerate(node.elements) if (held_as := _dict_entry(element, params))]
        if any(_is_placeholder(key, strings) for _, (key, _) in held):
            continue  # the values of a statement such as SQL: one that it does not name would be dropped
        if held and not any(_key(element) == name for element in node.elements):
            yield Sink("dict", len(held), _Replace(node, _with_entry(node, held, name)))


def _is_placeholder(key: str, strings: str) -> bool:
    return re.search(rf":{re.escape(key)}\b|%\({re.escape(key)}\)|\${re.escape(key)}\b", strings) is not None


def _dict_entry(element: cst.BaseDictElement, params: Sequence[str]) -> tuple[str, str] | None:
    """(parameter, shape of the value) where the entry holds a parameter under its own name."""
    key = _key(element)
    if key in params and (shape := _shape(element.value, key)):
        return key, shape
    return None


def _key(element: cst.BaseDictElement) -> str:
    if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
        value = element.key.evaluated_value
        return value if isinstance(value, str) else ""
    return ""


def _with_entry(node: cst.Dict, held: Sequence[tuple[int, tuple[str, str]]], name: str) -> cst.Dict:
    at, _ = held[-1]
    model = cst.ensure_type(cst.ensure_type(node.elements[at], cst.DictElement).key, cst.SimpleString)
    key = cst.SimpleString(f"{model.quote}{name}{model.quote}")
    new = cst.DictElement(key, _value([shape for _, (_, shape) in held], name))
    entries = cast("list[cst.DictElement]", list(node.elements))
    opening, closing = node.lbrace.whitespace_after, node.rbrace.whitespace_before
    changed, closing = insert_between(opening, entries, new, at + 1, closing)
    return node.with_changes(elements=changed, rbrace=node.rbrace.with_changes(whitespace_before=closing))


# ---- assignments: self.actor = actor, record["actor"] = actor


def _assignments(
    lines: Sequence[cst.SimpleStatementLine], params: Sequence[str], name: str, *, constructor: bool
) -> Iterable[Sink]:
    for kind, owner in (("attribute", _attribute_of), ("item", _item_of)):
        if kind == "attribute" and not constructor:
            continue
        held: dict[str, list[tuple[cst.SimpleStatementLine, str, str]]] = {}
        for line in lines:
            for target, value in _pairs(line):
                found = owner(target)
                if found and found[1] in params and (shape := _shape(value, found[1])):
                    held.setdefault(found[0], []).append((line, found[1], shape))
        for base, uses in held.items():
            target_text = f"{base}{name}" if kind == "attribute" else f'{base}["{name}"]'
            value_text = _CODE.code_for_node(_value([shape for _, _, shape in uses], name))
            new = cst.parse_statement(f"{target_text} = {value_text}\n")
            yield Sink(kind, len({param for _, param, _ in uses}), _InsertAfter(uses[-1][0], new))


def _pairs(line: cst.SimpleStatementLine) -> Iterable[tuple[cst.BaseExpression, cst.BaseExpression]]:
    for statement in line.body:
        if isinstance(statement, cst.AnnAssign) and statement.value is not None:
            yield statement.target, statement.value
        if not isinstance(statement, cst.Assign):
            continue
        for target in (entry.target for entry in statement.targets):
            yield target, statement.value
            if isinstance(target, cst.Tuple) and isinstance(statement.value, cst.Tuple):
                for left, right in zip(target.elements, statement.value.elements, strict=False):
                    yield left.value, right.value


def _attribute_of(target: cst.BaseExpression) -> tuple[str, str] | None:
    if isinstance(target, cst.Attribute) and is_name(target.value, "self"):
        attribute = target.attr.value
        bare = attribute.lstrip("_")
        return f"self.{attribute.removesuffix(bare)}", bare
    return None


def _item_of(target: cst.BaseExpression) -> tuple[str, str] | None:
    if isinstance(target, cst.Subscript) and len(target.slice) == 1:
        inner = target.slice[0].slice
        if isinstance(inner, cst.Index) and isinstance(inner.value, cst.SimpleString):
            return _CODE.code_for_node(target.value), str(inner.value.evaluated_value)
    return None


# ---- a mapping built in the body: metadata = dict(metadata or {})


def _mappings(lines: Sequence[cst.SimpleStatementLine], name: str) -> Iterable[Sink]:
    for line in lines:
        for target, value in _pairs(line):
            if isinstance(target, cst.Name) and target.value in MAPPING_NAMES and _is_mapping(value):
                text = f'if {name} is not None:\n    {target.value}["{name}"] = {name}\n'
                yield Sink("mapping", 0, _InsertAfter(line, cst.parse_statement(text)))


def _is_mapping(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Dict) or is_call_of(value, "dict")


# ---- calls: Entry(actor=actor, ...), self._write(actor, action)


def _calls(calls: Sequence[cst.Call], params: Sequence[str], name: str) -> Iterable[Sink]:
    for node in calls:
        if last_name(node.func) in LOG_VERBS | TEMPLATE_VERBS or any(
            arg.star == "**" or (arg.keyword and arg.keyword.value == name) for arg in node.args
        ):
            continue
        by_name = [
            (arg.keyword.value, shape)
            for arg in node.args
            if arg.keyword and arg.keyword.value in params and (shape := _shape(arg.value, arg.keyword.value))
        ]
        by_place = {arg.value.value for arg in node.args if not arg.keyword and isinstance(arg.value, cst.Name)}
        holds = len(by_name) + len(by_place & set(params))
        if by_name:
            yield Sink("keyword call", holds, _Replace(node, _with_argument(node, by_name, name)), node.func)
        elif holds and holds >= min(2, len(params)) and holds == len(node.args):
            yield Sink("forwarded call", holds, _Replace(node, _with_argument(node, [], name)), node.func)


def _with_argument(node: cst.Call, by_name: Sequence[tuple[str, str]], name: str) -> cst.Call:
    new = cst.Arg(
        _value([shape for _, shape in by_name], name),
        keyword=cst.Name(name),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    return node.with_changes(args=insert_item(list(node.args), new, len(node.args), node.whitespace_before_args))


# ---- shared


def _shape(value: cst.BaseExpression, param: str) -> str:
    """The value's text with the parameter replaced by a mark; empty where the value does not use it."""
    text = _CODE.code_for_node(value)
    shape, uses = re.subn(rf"(?<![\w.'\"]){re.escape(param)}\b(?!['\"=])", "\0", text)
    return shape if uses else ""


def _value(shapes: Sequence[str], name: str) -> cst.BaseExpression:
    """What stores `name`: wrapped as its neighbours are where all of them are wrapped alike, else bare."""
    alike = len(shapes) > 1 and len(set(shapes)) == 1 and shapes[0].count("\0") == 1
    return cst.parse_expression(shapes[0].replace("\0", name)) if alike else cst.Name(name)


class _Replace:
    def __init__(self, old: cst.CSTNode, new: cst.CSTNode) -> None:
        self.old, self.new = old, new

    def __call__(self, function: cst.FunctionDef) -> cst.FunctionDef:
        return cst.ensure_type(function.deep_replace(self.old, self.new), cst.FunctionDef)


class _InsertAfter(cst.CSTTransformer):
    def __init__(self, line: cst.SimpleStatementLine, new: cst.BaseStatement) -> None:
        super().__init__()
        self.line, self.new = line, new

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        if original_node is self.line:
            return cst.FlattenSentinel([updated_node, self.new])
        return updated_node

    def __call__(self, function: cst.FunctionDef) -> cst.FunctionDef:
        return cst.ensure_type(function.visit(self), cst.FunctionDef)
