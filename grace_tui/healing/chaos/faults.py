"""Faults planted in source text: an interface loses a parameter, a package an export. Pure; needs libcst.

The faults are those that a person makes in a refactoring: the file still parses, and only its consumers fail.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

import libcst as cst

from grace_tui.kernel.errors import GraceError

Entry = TypeVar("Entry", cst.Param, cst.BaseDictElement, cst.Arg, cst.BaseElement)


class FaultMissed(GraceError):
    """There was nothing to break."""

    def __init__(self, fault: str, what: str) -> None:
        super().__init__(f"{fault}: there is no {what}")
        self.fault = fault


def drop_parameter(source: str, qualname: str, parameter: str) -> str:
    """Take a parameter out of `Class.method`, with what stores it under its own name.

    Raises:
        FaultMissed: the method or the parameter is not there.
    """
    kind, _, method = qualname.rpartition(".")
    visitor = _ParameterDropper(kind, method, parameter)
    changed = cst.parse_module(source).visit(visitor)
    if not visitor.dropped:
        raise FaultMissed("drop_parameter", f"parameter {parameter} of {qualname}")
    return changed.code


def drop_export(source: str, name: str) -> str:
    """Take the import of `name` out of a package, and its entry in `__all__`.

    Raises:
        FaultMissed: the package does not import it.
    """
    visitor = _ExportDropper(name)
    changed = cst.parse_module(source).visit(visitor)
    if not visitor.dropped:
        raise FaultMissed("drop_export", f"import of {name}")
    return changed.code


class _ParameterDropper(cst.CSTTransformer):
    def __init__(self, kind: str, method: str, parameter: str) -> None:
        self.kind, self.method, self.parameter = kind, method, parameter
        self.path: list[str] = []
        self.dropped = False

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.path.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        self.path.pop()
        return updated_node

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.path.append(node.name.value)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self.path.pop()
        return updated_node

    def leave_Parameters(self, original_node: cst.Parameters, updated_node: cst.Parameters) -> cst.Parameters:
        if not self._here():
            return updated_node
        changes: dict[str, object] = {}
        for group in ("posonly_params", "params", "kwonly_params"):
            params = getattr(updated_node, group)
            kept = changes[group] = _without(params, lambda param: param.name.value == self.parameter)
            self.dropped = self.dropped or len(kept) < len(params)
        # A star that is followed by nothing is no valid node, so it goes in the same change as the last after it.
        if not changes["kwonly_params"] and isinstance(updated_node.star_arg, cst.ParamStar):
            changes["star_arg"] = cst.MaybeSentinel.DEFAULT
            return _ended(updated_node.with_changes(**changes))
        return updated_node.with_changes(**changes)

    def leave_Dict(self, original_node: cst.Dict, updated_node: cst.Dict) -> cst.Dict:
        if not self._here():
            return updated_node
        return updated_node.with_changes(elements=_without(updated_node.elements, self._is_it))

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        if not self._here():
            return updated_node
        return updated_node.with_changes(args=_without(updated_node.args, self._is_it))

    def _here(self) -> bool:
        return self.path == [*self.kind.split("."), self.method] if self.kind else self.path == [self.method]

    def _is_it(self, entry: "cst.BaseDictElement | cst.Arg") -> bool:
        return isinstance(entry.value, cst.Name) and entry.value.value == self.parameter


class _ExportDropper(cst.CSTTransformer):
    def __init__(self, name: str) -> None:
        self.name = name
        self.dropped = False

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        kept = [alias for alias in updated_node.names if _exported(alias) != self.name]
        if len(kept) == len(updated_node.names):
            return updated_node
        self.dropped = True
        if not kept:
            return cst.RemoveFromParent()
        return updated_node.with_changes(names=[*kept[:-1], kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)])

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        """Give the lines above an import that went to what follows it."""
        left = {id(line) for line in updated_node.body}
        body = list(updated_node.body)
        for before, after in itertools.pairwise(original_node.body):
            gone = isinstance(before, cst.SimpleStatementLine) and self._is_import(before)
            if gone and id(before) not in left and before.leading_lines:
                at = original_node.body.index(after) - (len(original_node.body) - len(body))
                body[at] = body[at].with_changes(leading_lines=before.leading_lines)
        return updated_node.with_changes(body=body)

    def leave_List(self, original_node: cst.List, updated_node: cst.List) -> cst.List:
        return updated_node.with_changes(elements=_without(updated_node.elements, self._is_entry))

    def _is_entry(self, element: cst.BaseElement) -> bool:
        value = element.value
        return isinstance(value, cst.SimpleString) and value.evaluated_value == self.name

    def _is_import(self, line: cst.SimpleStatementLine) -> bool:
        return any(
            isinstance(part, cst.ImportFrom)
            and not isinstance(part.names, cst.ImportStar)
            and [_exported(alias) for alias in part.names] == [self.name]
            for part in line.body
        )


def _ended(parameters: cst.Parameters) -> cst.Parameters:
    """Without the comma that led to a star which is gone."""
    if parameters.star_kwarg is not None or not parameters.params:
        return parameters
    last = parameters.params[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return parameters.with_changes(params=[*parameters.params[:-1], last])


def _exported(alias: cst.ImportAlias) -> str:
    return alias.evaluated_alias or alias.evaluated_name


def _without(entries: Sequence[Entry], is_gone: Callable[[Entry], bool]) -> Sequence[Entry]:
    """The entries that stay. The last comma says how a list is laid out, so it stays with the place."""
    kept: list[Entry] = [entry for entry in entries if not is_gone(entry)]
    if kept and len(kept) < len(entries):
        kept[-1] = kept[-1].with_changes(comma=entries[-1].comma)
    return kept
