"""The form of a condition: a small part of Python's expressions, checked when the file that holds it is read.

Names, attributes, functions and kinds of values are checked; `conditions` judges what passed. Pure.
"""

import ast
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NoReturn

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.parsing import parse_expression
from grace_tui.kernel.spelling import nearest

Names = Mapping[str, Any]
"""Name -> a sample of its value, or a mapping of further names. A sample of None stands for any value; the name `*` in
a mapping allows names that are not listed."""

LONGEST = 500
DEEPEST = 30
"""A deeper tree would exhaust the evaluator's stack rather than be refused."""
ANY, FLAG, NUMBER, TEXT, LIST = "any value", "true or false", "a number", "a text", "a list"

_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_EQUAL = (ast.Eq, ast.NotEq)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod)


def like(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern with `*` and `?`."""
    return fnmatchcase(text, pattern)


FUNCTIONS: Mapping[str, tuple[Callable[..., Any], tuple[str, ...], str]] = {
    "like": (like, (TEXT, TEXT), FLAG),
    "lower": (str.lower, (TEXT,), TEXT),
    "len": (len, (ANY,), NUMBER),
    "abs": (abs, (NUMBER,), NUMBER),
    "round": (round, (NUMBER,), NUMBER),
    "min": (min, (NUMBER, NUMBER), NUMBER),
    "max": (max, (NUMBER, NUMBER), NUMBER),
}
"""Name -> the function, the kinds of its arguments, the kind of its answer."""


class BadCondition(GraceError):
    """A condition that cannot be used as it is written."""

    def __init__(self, where: str, text: str, problem: str) -> None:
        shown = text if len(text) <= 80 else f"{text[:77]}..."
        super().__init__(f'{where}{": " if where else ""}"{shown}": {problem}')
        self.where, self.text, self.problem = where, text, problem


def checked(text: str, names: Names, where: str) -> ast.expr:
    """The tree of a condition that can be used.

    Raises:
        BadCondition: it does not parse, or uses a name, a function or a kind of value that it cannot.
    """
    return _Checked(text, names, where).tree


def check_name(path: str, names: Names) -> Any:
    """The sample of a dotted name.

    Raises:
        LookupError: there is no such name; the text says what was probably meant.
    """
    found: Any = names
    done: list[str] = []
    for part in path.split("."):
        if not isinstance(found, Mapping):
            raise LookupError(f"{'.'.join(done)} has no {part}")
        if part not in found and "*" not in found:
            full = [".".join((*done, name)) for name in found]
            raise LookupError(f"{'.'.join((*done, part))} is not known; {nearest('.'.join((*done, part)), full)}")
        found = found.get(part)
        done.append(part)
    return found


class _Checked:
    """One walk over one condition: refuses what is not of the language, and finds the kind of every part."""

    def __init__(self, text: str, names: Names, where: str) -> None:
        self.text, self.names, self.where = text, names, where
        if not text.strip():
            self._refuse("is empty; true always holds")
        if len(text) > LONGEST:
            self._refuse(f"has {len(text)} characters; at most {LONGEST}")
        if "\\" in text:
            self._refuse("a condition has no backslashes")
        self.tree = self._parsed()
        self._expect(self.tree, FLAG, 0)

    def _parsed(self) -> ast.expr:
        try:
            tree = parse_expression(f"({self.text}\n)").body  # in brackets it may go over several lines
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            problem = error.msg if isinstance(error, SyntaxError) else str(error) or "it is nested too deeply"
            self._refuse(f"is no expression: {problem}; write it like kernel.state == 'failed' and incident.count >= 3")
        return _with_flags(tree)

    def _expect(self, node: ast.expr, wanted: str, depth: int) -> None:
        found = self._kind(node, depth)
        if ANY not in (found, wanted) and found != wanted:
            self._refuse(f"{ast.unparse(node)} is {found}; expected {wanted}")

    def _kind(self, node: ast.expr, depth: int) -> str:
        if depth > DEEPEST:
            self._refuse(f"is nested more than {DEEPEST} deep")
        match node:
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for item in items:
                    self._kind(item, depth + 1)
                return LIST
            case ast.BoolOp(values=parts):
                for part in parts:
                    self._expect(part, FLAG, depth + 1)
                return FLAG
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                self._expect(inner, FLAG, depth + 1)
                return FLAG
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                self._expect(inner, NUMBER, depth + 1)
                return NUMBER
            case ast.BinOp(left=left, op=operator, right=right) if isinstance(operator, _ARITHMETIC):
                self._expect(left, NUMBER, depth + 1)
                self._expect(right, NUMBER, depth + 1)
                return NUMBER
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Call():
                return self._call(node, depth)
        self._refuse(f"{ast.unparse(node)} is not possible in a condition")

    def _constant(self, value: object) -> str:
        kind = _kind_of(value)
        if value is None or kind not in (FLAG, NUMBER, TEXT):
            self._refuse(f"{value!r} is not possible in a condition; expected a number, a text, true or false")
        return kind

    def _name(self, node: ast.Name | ast.Attribute) -> str:
        path = path_of(node)
        if path is None or "._" in f".{path}":
            self._refuse(f"{ast.unparse(node)} is not possible in a condition")
        try:
            sample = check_name(path, self.names)
        except LookupError as unknown:
            self._refuse(str(unknown))
        if isinstance(sample, Mapping):
            self._refuse(f"{path} has names of its own: {', '.join(f'{path}.{name}' for name in sample)}")
        return _kind_of(sample)

    def _comparison(self, node: ast.Compare, depth: int) -> str:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, _ORDERED):
                self._expect(left, NUMBER, depth + 1)
                self._expect(right, NUMBER, depth + 1)
            elif isinstance(operator, _EQUAL):
                self._expect(right, self._kind(left, depth + 1), depth + 1)
            elif isinstance(operator, ast.In | ast.NotIn):
                self._member(left, right, depth + 1)
            else:
                self._refuse("`is` is not possible in a condition; write == or !=")
            left = right
        return FLAG

    def _member(self, left: ast.expr, right: ast.expr, depth: int) -> None:
        kind, within = self._kind(left, depth), self._kind(right, depth)
        if within == TEXT:
            self._expect(left, TEXT, depth)
        elif within not in (LIST, ANY):
            self._refuse(f"{ast.unparse(right)} is {within}; expected a list or a text after `in`")
        if isinstance(right, ast.Tuple | ast.List):
            for item in right.elts:
                self._expect(item, kind, depth)

    def _call(self, node: ast.Call, depth: int) -> str:
        if not isinstance(node.func, ast.Name) or node.keywords:
            self._refuse(f"{ast.unparse(node)} is not possible in a condition")
        if node.func.id not in FUNCTIONS:
            self._refuse(f"{node.func.id}() is not known; {nearest(node.func.id, FUNCTIONS)}")
        _, wanted, answer = FUNCTIONS[node.func.id]
        if len(node.args) != len(wanted):
            self._refuse(f"{node.func.id}() takes {len(wanted)} values, not {len(node.args)}")
        for argument, kind in zip(node.args, wanted, strict=True):
            self._expect(argument, kind, depth + 1)
        return answer

    def _refuse(self, problem: str) -> NoReturn:
        raise BadCondition(self.where, self.text, problem)


class _Flags(ast.NodeTransformer):
    """`true` and `false` as TOML spells them mean what they do in Python."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(node.id == "true") if node.id in ("true", "false") else node


def _with_flags(tree: ast.expr) -> ast.expr:
    changed: ast.expr = _Flags().visit(tree)
    return changed


def path_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := path_of(node.value)) is not None:
        return f"{before}.{node.attr}"
    return None


def _kind_of(value: object) -> str:
    match value:
        case bool():
            return FLAG
        case int() | float():
            return NUMBER
        case str():
            return TEXT
        case list() | tuple():
            return LIST
    return ANY
