"""Making a definition accept one more optional keyword: a function's signature, or the fields of a record class."""

import re
from collections.abc import Sequence

import libcst as cst

from grace_tui.healing.repair.operators.layout import insert_item
from grace_tui.healing.repair.operators.shapes import is_docstring, last_name

PLAIN_TYPES = frozenset({"str", "int", "float", "bool", "bytes"})
"""Types that an annotation can name without an import and without type arguments."""

RECORD_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})
RECORD_BASES = frozenset({"NamedTuple", "BaseModel", "Struct"})


def parameters(function: cst.FunctionDef) -> list[str]:
    """Names of all parameters but `self` or `cls`, in order."""
    params = function.params
    found = [param.name.value for param in (*params.posonly_params, *params.params, *params.kwonly_params)]
    return [name for name in found if name not in ("self", "cls")]


def takes_any_keyword(function: cst.FunctionDef) -> bool:
    return function.params.star_kwarg is not None


def accept(function: cst.FunctionDef, name: str, annotation: str, default: str) -> cst.FunctionDef:
    """Append `name` with a default: keyword-only where the signature has such already, else after the others."""
    params = function.params
    annotated = any(
        param.annotation is not None for param in (*params.posonly_params, *params.params, *params.kwonly_params)
    )
    new = _parameter(name, annotation if annotated else "", default)
    gap = function.whitespace_before_params
    if params.kwonly_params or isinstance(params.star_arg, cst.Param):
        changed = insert_item(params.kwonly_params, new, len(params.kwonly_params), gap)
        return function.with_changes(params=params.with_changes(kwonly_params=changed))
    changed = insert_item(params.params, new, len(params.params), gap)
    return function.with_changes(params=params.with_changes(params=changed))


def _parameter(name: str, annotation: str, default: str) -> cst.Param:
    spaced = cst.AssignEqual() if annotation else cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Param(
        cst.Name(name),
        annotation=cst.Annotation(cst.parse_expression(annotation)) if annotation else None,
        equal=spaced,
        default=cst.parse_expression(default),
    )


def is_record(node: cst.ClassDef) -> bool:
    """True for a class whose constructor is made from its annotated fields."""
    decorators = {last_name(entry.decorator) for entry in node.decorators}
    bases = {last_name(entry.value) for entry in node.bases}
    return bool(decorators & RECORD_DECORATORS or bases & RECORD_BASES)


def fields(node: cst.ClassDef) -> list[str]:
    return [field for statement in _block(node) if (field := _field(statement))]


def add_field(node: cst.ClassDef, name: str, annotation: str, default: str) -> cst.ClassDef | None:
    """Append a field after the last one and its docstring; None where the class has no annotated field."""
    body = _block(node)
    last = max((at for at, statement in enumerate(body) if _field(statement)), default=None)
    if last is None:
        return None
    if last + 1 < len(body) and is_docstring(body[last + 1]):
        last += 1
    new = cst.parse_statement(f"{name}: {annotation} = {default}\n")
    changed = [*body[: last + 1], new, *body[last + 1 :]]
    return node.with_changes(body=node.body.with_changes(body=changed))


def _field(statement: cst.CSTNode) -> str:
    if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.AnnAssign):
        target = statement.body[0].target
        if isinstance(target, cst.Name) and "ClassVar" not in cst.Module([]).code_for_node(statement.body[0]):
            return target.value
    return ""


def _block(node: cst.ClassDef) -> Sequence[cst.CSTNode]:
    return node.body.body if isinstance(node.body, cst.IndentedBlock) else ()


def annotation_for(value_type: str, source: str) -> str:
    """`str` -> `str | None`, in the file's own manner; `object` for a type that would need an import."""
    if value_type not in PLAIN_TYPES:
        return "object"
    if "| None" in source:
        return f"{value_type} | None"
    optional = re.search(r"\b(?:typing|t)\.Optional(?=\[)|(?<!\.)\bOptional(?=\[)", source)
    return f"{optional[0]}[{value_type}]" if optional else f"{value_type} | None"


def empty_default(function: cst.FunctionDef) -> bool:
    """True where another parameter defaults to the empty string: the callee's own word for `none given`."""
    params = function.params
    defaults = (param.default for param in (*params.params, *params.kwonly_params))
    return any(isinstance(default, cst.SimpleString) and default.evaluated_value == "" for default in defaults)


def locate(module: cst.Module, qualname: str) -> cst.FunctionDef | cst.ClassDef | None:
    """The definition `qualname` (without `<locals>`); the last where it is defined twice, as at run time."""
    finder = _Finder(qualname)
    module.visit(finder)
    return finder.found


class _Finder(cst.CSTVisitor):
    def __init__(self, qualname: str) -> None:
        self.qualname = qualname
        self.path: list[str] = []
        self.found: cst.FunctionDef | cst.ClassDef | None = None

    def _enter(self, node: cst.FunctionDef | cst.ClassDef) -> bool:
        self.path.append(node.name.value)
        here = ".".join(self.path)
        if here == self.qualname:
            self.found = node
        return self.qualname.startswith(f"{here}.")

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return self._enter(node)

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return self._enter(node)

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.path.pop()

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self.path.pop()
