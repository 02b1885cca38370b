"""What one file defines, binds and imports, as plain records: the part of the index that is kept on disk.

Taken from the statements alone, without descending into expressions, so that thousands of files take seconds.
"""

import ast
from collections.abc import Iterator, Sequence

import msgspec

from grace_tui.healing.repair.sources import MARK
from grace_tui.kernel.parsing import parse_module

FORMAT = 1
"""Changes with the records below: what is kept in another format is not read."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Definition = FunctionNode | ast.ClassDef


class Defined(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One function or class."""

    qualname: str
    """Without `<locals>`."""
    kind: str
    """`class`, `def` or `async def`."""
    line: int
    end: int
    bases: tuple[str, ...] = ()
    """Of a class, as written."""
    decorators: tuple[str, ...] = ()
    """As written."""


class Imported(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One name bound by an import statement, as written."""

    module: str
    level: int
    """Leading dots."""
    name: str
    """Empty for `import module`; `*` for a star."""
    bound: str
    line: int
    at_import: bool
    """It runs when the file is imported: not inside a function, nor under TYPE_CHECKING."""


class Outline(msgspec.Struct, frozen=True, array_like=True, gc=False):
    problem: str = ""
    """Why the file does not parse; the rest is then empty."""
    definitions: tuple[Defined, ...] = ()
    names: tuple[tuple[str, int], ...] = ()
    """(name, line) of what the module binds by assignment, `def` or `class` when it is imported."""
    imports: tuple[Imported, ...] = ()
    exported: tuple[str, ...] | None = None
    """A literal `__all__`, with literal extensions."""
    attributes: tuple[tuple[str, str, int], ...] = ()
    """(class, name, line) of what class bodies bind, and what methods assign on `self` or `cls`."""


def parse(text: str) -> ast.Module | str:
    """The syntax tree, or why there is none."""
    try:
        return parse_module(text.removeprefix(MARK))
    except SyntaxError as error:
        return f"{error.msg}, line {error.lineno}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__


def outline(text: str) -> Outline:
    module = parse(text)
    return Outline(module) if isinstance(module, str) else outline_of(module)


def outline_of(module: ast.Module) -> Outline:
    runs = list(run_at_import(module.body))
    walker = _Walker({id(node) for node in runs if isinstance(node, ast.Import | ast.ImportFrom)})
    walker.body(module.body, "", "")
    return Outline(
        "",
        tuple(walker.definitions),
        tuple(bound_names(runs)),
        tuple(walker.imports),
        exported(runs),
        tuple(dict.fromkeys(walker.attributes)),
    )


def run_at_import(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on import, also inside `if`, `try` and `with`; not what stands under TYPE_CHECKING."""
    for node in body:
        yield node
        if isinstance(node, Definition) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            continue
        yield from run_at_import(list(_inner(node)))


def bound_names(statements: Sequence[ast.stmt]) -> Iterator[tuple[str, int]]:
    """(name, line) of what the statements bind by assignment, `def` or `class`; imports do not count."""
    for node in statements:
        if isinstance(node, Definition):
            yield node.name, node.lineno
        elif isinstance(node, ast.Assign):
            yield from ((name, node.lineno) for name in stored(*node.targets))
        elif (isinstance(node, ast.AnnAssign) and node.value is not None) or isinstance(node, ast.For | ast.AsyncFor):
            yield from ((name, node.lineno) for name in stored(node.target))


def exported(statements: Sequence[ast.stmt]) -> tuple[str, ...] | None:
    """What `__all__` says literally: its assignment, with `+=`, `extend` and `append`."""
    found: list[str] | None = None
    for node in statements:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                kept = [] if found is None or not isinstance(node, ast.AugAssign) else found
                found = [*kept, *_strings(node.value)]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _extends_all(node.value.func):
            found = [*(found or []), *(text for value in node.value.args for text in _strings(value))]
    return None if found is None else tuple(found)


def stored(*targets: ast.expr) -> Iterator[str]:
    """Plain names that an assignment binds."""
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, ast.Tuple | ast.List):
            yield from stored(*target.elts)
        elif isinstance(target, ast.Starred):
            yield from stored(target.value)


class _Walker:
    def __init__(self, at_import: set[int]) -> None:
        self.at_import = at_import
        self.definitions: list[Defined] = []
        self.imports: list[Imported] = []
        self.attributes: list[tuple[str, str, int]] = []

    def body(self, body: Sequence[ast.stmt], prefix: str, owner: str) -> None:
        """`owner` is the class whose body, or whose method, this is."""
        for node in body:
            if isinstance(node, Definition):
                self._definition(node, prefix, owner)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.imports += self._imported(node)
            else:
                if owner:
                    self._bindings(node, prefix, owner)
                if not isinstance(node, ast.Expr | ast.Return):
                    self.body(list(_inner(node)), prefix, owner)

    def _definition(self, node: Definition, prefix: str, owner: str) -> None:
        qualname = f"{prefix}{node.name}"
        decorators = tuple(ast.unparse(entry) for entry in node.decorator_list)
        if owner and prefix == f"{owner}.":
            self.attributes.append((owner, node.name, node.lineno))
        if isinstance(node, ast.ClassDef):
            bases = tuple(ast.unparse(base) for base in node.bases)
            kind, inner = "class", qualname
        else:
            bases = ()
            kind = "def" if isinstance(node, ast.FunctionDef) else "async def"
            inner = owner if prefix == f"{owner}." else ""
        self.definitions.append(Defined(qualname, kind, node.lineno, node.end_lineno or node.lineno, bases, decorators))
        self.body(node.body, f"{qualname}.", inner)

    def _bindings(self, node: ast.stmt, prefix: str, owner: str) -> None:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
            targets = [node.target]
        elif isinstance(node, ast.With | ast.AsyncWith):
            targets = [item.optional_vars for item in node.items if item.optional_vars is not None]
        else:
            return
        names = stored(*targets) if prefix == f"{owner}." else _on_self(*targets)
        self.attributes += [(owner, name, node.lineno) for name in names]

    def _imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[Imported]:
        runs = id(node) in self.at_import
        for alias in node.names:
            if isinstance(node, ast.Import):
                bound = alias.asname or alias.name.partition(".")[0]
                yield Imported(alias.name, 0, "", bound, node.lineno, runs)
            else:
                bound = alias.asname or alias.name
                yield Imported(node.module or "", node.level, alias.name, bound, node.lineno, runs)


def _on_self(*targets: ast.expr) -> Iterator[str]:
    for target in targets:
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            if target.value.id in ("self", "cls"):
                yield target.attr
        elif isinstance(target, ast.Tuple | ast.List):
            yield from _on_self(*target.elts)


def _inner(node: ast.stmt) -> Iterator[ast.stmt]:
    """Statements directly inside a compound statement."""
    for field in ("body", "orelse", "finalbody"):
        yield from getattr(node, field, ())
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield from part.body


def _extends_all(called: ast.expr) -> bool:
    if not isinstance(called, ast.Attribute) or called.attr not in ("extend", "append"):
        return False
    return isinstance(called.value, ast.Name) and called.value.id == "__all__"


def _strings(node: ast.expr | None) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.List | ast.Tuple):
        return [text for element in node.elts for text in _strings(element)]
    return _strings(node.left) + _strings(node.right) if isinstance(node, ast.BinOp) else []
