"""Putting new statements into a class or a module behind the definition that they are about."""

from collections.abc import Sequence
from typing import Any

import libcst as cst

from grace_tui.healing.repair.operators.shapes import is_docstring
from grace_tui.healing.repair.operators.signature import locate
from grace_tui.healing.repair.operators.target import with_replaced

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
BLANK = cst.EmptyLine(indent=False)


def into_class(module: cst.Module, qualname: str, text: str, *, behind: str = "", apart: bool = True) -> cst.Module:
    """The module with statements in a class, behind the last that binds `behind`, else at its end.

    `apart` puts an empty line above them.
    """
    owner = locate(module, qualname)
    if not isinstance(owner, cst.ClassDef) or not isinstance(owner.body, cst.IndentedBlock):
        raise LookupError(f"{qualname} has no body that statements could be put into")
    body = list(owner.body.body)
    at = max((at for at, node in enumerate(body) if binds(node, behind)), default=len(body) - 1)
    if at + 1 < len(body) and is_docstring(body[at + 1]):
        at += 1
    new = statements(text, module)
    if apart:
        new[0] = new[0].with_changes(leading_lines=[BLANK, *new[0].leading_lines])
    after = _parted(body[at + 1 :], 1) if apart or isinstance(body[at], cst.FunctionDef) else body[at + 1 :]
    changed = owner.body.with_changes(body=[*body[: at + 1], *new, *after])
    return with_replaced(module, owner, owner.with_changes(body=changed))


def into_module(module: cst.Module, text: str, *, behind: str) -> cst.Module:
    """The module with statements behind the last top-level one that binds `behind`."""
    body = list(module.body)
    at = max(at for at, node in enumerate(body) if binds(node, behind))
    if at + 1 < len(body) and is_docstring(body[at + 1]):
        at += 1
    new = statements(text, module)
    long = isinstance(body[at], cst.BaseCompoundStatement)
    if long:
        new[0] = new[0].with_changes(leading_lines=[BLANK, BLANK])
    after = _parted(body[at + 1 :], 2) if long else body[at + 1 :]
    return module.with_changes(body=[*body[: at + 1], *new, *after])


def statements(text: str, module: cst.Module) -> list[Any]:
    """Statements in the module's own manner of line ends and indents."""
    return [_unindented(node) for node in cst.parse_module(text, config=module.config_for_parsing).body]


def _unindented(node: Any) -> Any:
    """With empty lines above it that stay empty wherever it is put."""
    return node.with_changes(leading_lines=[line if line.comment else BLANK for line in node.leading_lines])


def _parted(body: Sequence[Any], blank: int) -> list[Any]:
    """What follows, with empty lines above it where it has none."""
    if not body:
        return []
    first = body[0]
    lines = list(first.leading_lines)
    if any(line.comment is None for line in lines) or not hasattr(first, "leading_lines"):
        return list(body)
    return [first.with_changes(leading_lines=[*([BLANK] * blank), *lines]), *body[1:]]


def binds(node: cst.CSTNode, name: str) -> bool:
    """Whether a statement binds a name, also inside an `if`, `try` or `with` that it is."""
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        return node.name.value == name
    if isinstance(node, cst.SimpleStatementLine):
        return any(_assigns(part, name) for part in node.body)
    if isinstance(node, cst.BaseCompoundStatement | cst.Else | cst.Finally | cst.ExceptHandler | cst.IndentedBlock):
        return any(binds(child, name) for child in node.children)
    return False


def _assigns(node: cst.CSTNode, name: str) -> bool:
    if isinstance(node, cst.Assign):
        return any(_names(target.target, name) for target in node.targets)
    return isinstance(node, cst.AnnAssign | cst.AugAssign) and _names(node.target, name)


def _names(node: cst.CSTNode, name: str) -> bool:
    if isinstance(node, cst.Tuple | cst.List):
        return any(_names(element.value, name) for element in node.elements)
    return isinstance(node, cst.Name) and node.value == name
