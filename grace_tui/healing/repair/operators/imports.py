"""Where a new `from x import name` goes in a module, and in whose style."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import libcst as cst

from grace_tui.healing.repair.operators.layout import insert_between, insert_item
from grace_tui.healing.repair.operators.shapes import dotted, is_docstring


@dataclass(frozen=True, slots=True)
class ImportPlan:
    name: str
    source: str
    """Dotted name of the module that defines it."""
    into: str
    """Dotted name of the module that shall export it."""
    package: bool
    """True where `into` is a package's `__init__`."""
    alias: bool = False
    """Write `name as name`, the mark of a deliberate re-export."""

    def absolute(self, node: cst.ImportFrom) -> str:
        """The dotted module that an import in `into` means."""
        written = dotted(node.module)
        if not node.relative:
            return written
        parts = self.into.split(".")
        drop = len(node.relative) - (1 if self.package else 0)
        base = parts[: len(parts) - drop]
        return ".".join([*base, *([written] if written else [])])

    def relative(self) -> str:
        """The source written relative to `into`, such as `.database`; absolute where they share no package."""
        here = self.into.split(".") if self.package else self.into.split(".")[:-1]
        there = self.source.split(".")
        common = 0
        while common < min(len(here), len(there)) and here[common] == there[common]:
            common += 1
        if not common:
            return self.source
        return "." * (len(here) - common + 1) + ".".join(there[common:])

    def extends(self, module: cst.Module) -> bool:
        """True where the module already imports other names from the source."""
        return _same_source(module, self) is not None

    @property
    def root(self) -> str:
        return self.source.split(".")[0]


def add_import(module: cst.Module, plan: ImportPlan) -> cst.Module:
    existing = _same_source(module, plan)
    if existing is not None:
        return cst.ensure_type(module.deep_replace(existing, _with_name(existing, plan)), cst.Module)
    body = list(module.body)
    head = _head(body)
    froms = [(at, node) for at, node in _from_imports(body) if at in head]
    like = [at for at, node in froms if plan.absolute(node).split(".")[0] == plan.root]
    relative = [at for at in like if _import_of(body[at]).relative]
    written = plan.relative() if len(relative) * 2 > len(like) else plan.source
    alias = f" as {plan.name}" if plan.alias else ""
    new = cst.parse_statement(f"from {written} import {plan.name}{alias}\n", config=module.config_for_parsing)
    return module.with_changes(body=_inserted(body, *_place(body, like, written), new))


def add_statement(module: cst.Module, statement: str) -> cst.Module:
    """Add an import that is written out: `import a.b as c`, or a from-import with another name."""
    new = cst.parse_statement(f"{statement}\n", config=module.config_for_parsing)
    body = list(module.body)
    head = _head(body)
    kind = cst.Import if statement.startswith("import ") else cst.ImportFrom
    same = [at for at in head if _is_import(body[at], kind)]
    if not same:
        others = [at for at in head if not _is_future(body[at])]
        if kind is cst.Import and others:
            return module.with_changes(body=_inserted(body, others[0], True, new))
        return module.with_changes(body=_inserted(body, *_place(body, [], ""), new))
    block = _last_block(same)
    before = sum(1 for at in block if module.code_for_node(body[at]).strip() < statement)
    return module.with_changes(body=_inserted(body, block[0] + before, before == 0, new))


def _head(body: Sequence[cst.BaseStatement]) -> list[int]:
    """Positions of the imports before the first definition."""
    definitions = (at for at, node in enumerate(body) if isinstance(node, cst.FunctionDef | cst.ClassDef))
    end = next(definitions, len(body))
    return [at for at, node in enumerate(body[:end]) if _is_import(node)]


def _is_future(node: cst.BaseStatement) -> bool:
    return _is_import(node, cst.ImportFrom) and dotted(_import_of(node).module) == "__future__"


def _inserted(body: Sequence[cst.BaseStatement], at: int, gap: bool, new: cst.BaseStatement) -> list[cst.BaseStatement]:
    """Insert at `at`. `gap` sets the import apart by the empty lines of what it displaces, or by one of its own.

    Comments above a displaced statement stay with it, and code that follows an import keeps its distance.
    """
    after = list(body[at:])
    leading = list(getattr(after[0], "leading_lines", ())) if after else []
    if after and _is_import(after[0]):
        blank = list(takewhile(lambda line: line.comment is None, leading)) if gap else []
        after[0] = after[0].with_changes(leading_lines=leading[len(blank) :])
    else:
        blank = [cst.EmptyLine(indent=False)] if gap else []
        if after and not leading:
            lines = 2 if isinstance(after[0], cst.FunctionDef | cst.ClassDef) else 1
            after[0] = after[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)] * lines)
    return [*body[:at], new.with_changes(leading_lines=blank), *after]


def _place(body: Sequence[cst.BaseStatement], like: Sequence[int], written: str) -> tuple[int, bool]:
    """(position, set apart): among its like in their order, else after the last import."""
    if like:
        block = _last_block(like)
        keys = [_import_key(_import_of(body[at])) for at in block]
        if keys != sorted(keys):
            return block[-1] + 1, False
        before = sum(1 for key in keys if key < _written_key(written))
        return block[0] + before, before == 0
    imports = _head(body)
    if imports:
        return imports[-1] + 1, True
    return (1, True) if body and is_docstring(body[0]) else (0, False)


def _last_block(positions: Sequence[int]) -> list[int]:
    block = [positions[-1]]
    for at in reversed(positions[:-1]):
        if at != block[0] - 1:
            break
        block.insert(0, at)
    return block


def _with_name(node: cst.ImportFrom, plan: ImportPlan) -> cst.ImportFrom:
    names = list(node.names) if not isinstance(node.names, cst.ImportStar) else []
    aliased = plan.alias or (bool(names) and all(_self_alias(entry) for entry in names))
    new = cst.ImportAlias(cst.Name(plan.name), asname=cst.AsName(cst.Name(plan.name)) if aliased else None)
    at = sorted_position([dotted(entry.name) for entry in names], plan.name)
    if node.lpar is None or node.rpar is None:
        return node.with_changes(names=insert_item(names, new, at, cst.SimpleWhitespace(" ")))
    changed, closing = insert_between(node.lpar.whitespace_after, names, new, at, node.rpar.whitespace_before)
    return node.with_changes(names=changed, rpar=node.rpar.with_changes(whitespace_before=closing))


def sorted_position(names: Sequence[str], new: str) -> int:
    """Where `new` keeps the order that `names` follow; the end where they follow none."""
    for key in SORT_KEYS:
        keys = [key(name) for name in names]
        if len(names) > 1 and keys == sorted(keys):
            return sum(1 for found in keys if found < key(new))
    if len(names) == 1:
        return 0 if isort_key(new) < isort_key(names[0]) else 1
    return len(names)


def isort_key(name: str) -> tuple[int, str, str]:
    """Constants, then classes, then the rest, as import sorters order them."""
    if name.isupper() and len(name) > 1:
        return 0, name.lower(), name
    return (1 if name[:1].isupper() else 2), name.lower(), name


SORT_KEYS: tuple[Callable[[str], tuple[int, str, str]], ...] = (
    isort_key,
    lambda name: (0, name, ""),
    lambda name: (0, name.lower(), ""),
)


def _same_source(module: cst.Module, plan: ImportPlan) -> cst.ImportFrom | None:
    head = _head(module.body)
    for at, node in _from_imports(module.body):
        if at in head and plan.absolute(node) == plan.source and not isinstance(node.names, cst.ImportStar):
            return node
    return None


def _from_imports(body: Sequence[cst.BaseStatement]) -> list[tuple[int, cst.ImportFrom]]:
    return [(at, _import_of(node)) for at, node in enumerate(body) if _is_import(node, cst.ImportFrom)]


def _is_import(
    node: cst.BaseStatement,
    kind: type[cst.Import] | type[cst.ImportFrom] | tuple[type, ...] = (cst.Import, cst.ImportFrom),
) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 and isinstance(node.body[0], kind)


def _import_of(node: cst.BaseStatement) -> cst.ImportFrom:
    return cst.ensure_type(cst.ensure_type(node, cst.SimpleStatementLine).body[0], cst.ImportFrom)


def _self_alias(entry: cst.ImportAlias) -> bool:
    return (
        entry.asname is not None
        and isinstance(entry.asname.name, cst.Name)
        and entry.asname.name.value == dotted(entry.name)
    )


def _import_key(node: cst.ImportFrom) -> tuple[int, str]:
    return _written_key("." * len(node.relative) + dotted(node.module))


def _written_key(written: str) -> tuple[int, str]:
    """Absolute before relative, farther before nearer, then by name: the order import sorters keep."""
    dots = len(written) - len(written.lstrip("."))
    return (-dots if dots else -100), written.lstrip(".").lower()
