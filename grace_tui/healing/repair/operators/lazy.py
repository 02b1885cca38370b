"""Re-exports that are imported when they are first asked for (PEP 562), so that a package can load before its parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.operators.shapes import dotted, is_docstring, is_name

TABLE = "_ON_DEMAND"

_TABLE = '''
{table} = {{
{entries}
}}
"""Name -> (module, name there); imported when first asked for, because these modules import this one themselves."""
'''

_GETATTR = """

def __getattr__(name: str) -> object:
    if name not in {table}:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    from importlib import import_module

    module, attribute = {table}[name]
    found = import_module(module, __name__)
    globals()[name] = getattr(found, attribute) if attribute else found
    return globals()[name]
"""

_HELPER = """

def _import_on_demand(name: str):
    from importlib import import_module

    module, attribute = {table}[name]
    found = import_module(module, __name__)
    globals()[name] = getattr(found, attribute) if attribute else found
    return globals()[name]
"""

_DIR = """

def __dir__() -> list:
    return sorted({{*globals(), *{table}}})
"""

_NONE = cst.MaybeSentinel.DEFAULT


@dataclass(frozen=True, slots=True)
class OnDemand:
    """`name` is `attribute` of `module`, as `import_module` is told; with no attribute it is the module."""

    name: str
    module: str
    attribute: str


def from_statement(node: cst.ImportFrom) -> list[OnDemand]:
    """What a from-import binds; nothing for a star."""
    if isinstance(node.names, cst.ImportStar):
        return []
    written = "." * len(node.relative) + dotted(node.module)
    return [
        OnDemand(entry.evaluated_alias or entry.evaluated_name, written, entry.evaluated_name) for entry in node.names
    ]


def with_entries(module: cst.Module, entries: Sequence[OnDemand]) -> cst.Module:
    """The module with these names in its table of what is on demand, and with the functions that serve it."""
    lines = "\n".join(f'    "{entry.name}": ("{entry.module}", "{entry.attribute}"),' for entry in entries)
    table = _table(module)
    if table is not None:
        kept = "\n".join(f"    {module.code_for_node(entry.with_changes(comma=_NONE))}," for entry in table.elements)
        new = cst.parse_expression(f"{{\n{kept}\n{lines}\n}}", config=module.config_for_parsing)
        return cst.ensure_type(module.deep_replace(table, new), cst.Module)
    own = {node.name.value: node for node in module.body if isinstance(node, cst.FunctionDef)}
    functions = _GETATTR if "__getattr__" not in own else _HELPER
    functions += "" if "__dir__" in own else _DIR
    if "__getattr__" in own:
        module = cst.ensure_type(module.deep_replace(own["__getattr__"], _asking_first(own["__getattr__"])), cst.Module)
    text = (_TABLE + functions).format(table=TABLE, entries=lines)
    first, *rest = cst.parse_module(text, config=module.config_for_parsing).body
    apart = 2 if module.body and isinstance(module.body[-1], cst.FunctionDef | cst.ClassDef) else 1
    gap = [cst.EmptyLine(indent=False)] * apart if module.body else []
    return module.with_changes(body=[*module.body, first.with_changes(leading_lines=gap), *rest])


def _asking_first(function: cst.FunctionDef) -> cst.FunctionDef:
    """A module's own `__getattr__`, which looks into the table before it does what it did."""
    name = [*function.params.posonly_params, *function.params.params][0].name.value
    look = cst.parse_statement(f"if {name} in {TABLE}:\n    return _import_on_demand({name})\n")
    body = list(function.body.body)
    at = 1 if is_docstring(body[0]) else 0
    return function.with_changes(body=function.body.with_changes(body=[*body[:at], look, *body[at:]]))


def _table(module: cst.Module) -> cst.Dict | None:
    for line in module.body:
        node = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
        if isinstance(node, cst.Assign) and is_name(node.targets[0].target, TABLE) and isinstance(node.value, cst.Dict):
            return node.value
    return None


def postponed(module: cst.Module, statements: Sequence[cst.ImportFrom]) -> cst.Module:
    """The module with these import statements for type checkers alone."""
    lines = [line for line in module.body if _is_one_of(line, statements)]
    if not lines:
        return module
    indented = [line.with_changes(leading_lines=[]) for line in lines]
    leading = lines[0].leading_lines if isinstance(lines[0], cst.SimpleStatementLine) else ()
    block = cst.If(cst.Name("TYPE_CHECKING"), cst.IndentedBlock(indented), leading_lines=leading)
    body: list[cst.BaseStatement] = []
    for line in module.body:
        if line is lines[0]:
            body.append(block)
        elif line not in lines:
            close = bool(body) and body[-1] is block and not getattr(line, "leading_lines", ())
            body.append(line.with_changes(leading_lines=[cst.EmptyLine(indent=False)]) if close else line)
    return _with_type_checking(module.with_changes(body=body))


def without_names(module: cst.Module, names: frozenset[str], statements: Sequence[cst.ImportFrom]) -> cst.Module:
    """Split each statement in two: what is in `names` stands in a statement of its own, right after the rest."""
    body: list[cst.BaseStatement] = []
    for line in module.body:
        node = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
        if not isinstance(node, cst.ImportFrom) or node not in statements or isinstance(node.names, cst.ImportStar):
            body.append(line)
            continue
        mine = [entry for entry in node.names if (entry.evaluated_alias or entry.evaluated_name) in names]
        rest = [entry for entry in node.names if entry not in mine]
        body += [line.with_changes(body=[_with_only(node, group)]) for group in (rest, mine) if group]
    return module.with_changes(body=body)


def _with_only(node: cst.ImportFrom, entries: Sequence[cst.ImportAlias]) -> cst.ImportFrom:
    if len(entries) == len(node.names if not isinstance(node.names, cst.ImportStar) else ()):
        return node
    names = [*entries[:-1], entries[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)]
    return node.with_changes(names=names)


def _is_one_of(line: cst.BaseStatement, statements: Sequence[cst.ImportFrom]) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 and line.body[0] in statements


def _with_type_checking(module: cst.Module) -> cst.Module:
    for node in _froms(module):
        if dotted(node.module) == "typing" and any(found.name == "TYPE_CHECKING" for found in from_statement(node)):
            return module
    new = cst.parse_statement("from typing import TYPE_CHECKING\n", config=module.config_for_parsing)
    at = next((at for at, line in enumerate(module.body) if not is_docstring(line) and not _is_future(line)), 0)
    after = list(module.body[at:])
    leading = list(getattr(after[0], "leading_lines", ())) if after else []
    if after and isinstance(after[0], cst.If):
        after[0] = after[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    elif after:
        after[0] = after[0].with_changes(leading_lines=[])
    return module.with_changes(body=[*module.body[:at], new.with_changes(leading_lines=leading), *after])


def _is_future(line: cst.BaseStatement) -> bool:
    node = line.body[0] if isinstance(line, cst.SimpleStatementLine) and line.body else None
    return isinstance(node, cst.ImportFrom) and is_name(node.module, "__future__")


def _froms(module: cst.Module) -> Iterator[cst.ImportFrom]:
    for line in module.body:
        if isinstance(line, cst.SimpleStatementLine):
            yield from (node for node in line.body if isinstance(node, cst.ImportFrom))
