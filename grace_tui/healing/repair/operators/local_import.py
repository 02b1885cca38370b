"""An import inside the function that needs it, for a module that cannot be imported while this one loads."""

from collections.abc import Sequence, Set

import libcst as cst

from grace_tui.healing.repair.operators.shapes import is_docstring


def with_local_import(module: cst.Module, qualname: str, statement: str) -> cst.Module | None:
    """The module with the statement first in the body of a function; None where it has no such function."""
    wanted = qualname.replace(".<locals>", "").split(".")
    visitor = _Inserter({".".join(wanted)}, statement, module)
    changed = module.visit(visitor)
    return changed if visitor.done else None


def with_local_imports(module: cst.Module, qualnames: Set[str], statement: str) -> cst.Module:
    """The same in several functions."""
    return module.visit(_Inserter(qualnames, statement, module))


class _Inserter(cst.CSTTransformer):
    def __init__(self, qualnames: Set[str], statement: str, module: cst.Module) -> None:
        super().__init__()
        self.wanted, self.done = qualnames, False
        self.new = cst.parse_statement(f"{statement}\n", config=module.config_for_parsing)
        self.stack: list[str] = []

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.stack.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        self.stack.pop()
        return updated_node

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.stack.append(node.name.value)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        qualname = ".".join(self.stack)
        self.stack.pop()
        if qualname not in self.wanted or not isinstance(updated_node.body, cst.IndentedBlock):
            return updated_node
        self.done = True
        body: Sequence[cst.BaseStatement] = updated_node.body.body
        at = 1 if body and is_docstring(body[0]) else 0
        block = updated_node.body.with_changes(body=[*body[:at], self.new, *body[at:]])
        return updated_node.with_changes(body=block)
