"""Faults planted in source text: an interface loses a parameter, a package an export. Pure; needs libcst.

The faults are those that a person makes in a refactoring: the file still parses, and only its consumers fail.
"""

import libcst as cst

from grace_tui.kernel.errors import GraceError


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

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param | cst.RemovalSentinel:
        if self._here() and original_node.name.value == self.parameter:
            self.dropped = True
            return cst.RemoveFromParent()
        return updated_node

    def leave_Parameters(self, original_node: cst.Parameters, updated_node: cst.Parameters) -> cst.Parameters:
        if updated_node.kwonly_params or not isinstance(updated_node.star_arg, cst.ParamStar):
            return updated_node
        return updated_node.with_changes(star_arg=cst.MaybeSentinel.DEFAULT)

    def leave_DictElement(
        self, original_node: cst.DictElement, updated_node: cst.DictElement
    ) -> cst.DictElement | cst.RemovalSentinel:
        return cst.RemoveFromParent() if self._here() and self._is_it(original_node.value) else updated_node

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg | cst.RemovalSentinel:
        return cst.RemoveFromParent() if self._here() and self._is_it(original_node.value) else updated_node

    def _here(self) -> bool:
        return self.path == [*self.kind.split("."), self.method] if self.kind else self.path == [self.method]

    def _is_it(self, value: cst.BaseExpression) -> bool:
        return isinstance(value, cst.Name) and value.value == self.parameter


class _ExportDropper(cst.CSTTransformer):
    def __init__(self, name: str) -> None:
        self.name = name
        self.dropped = False

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        kept = [alias for alias in updated_node.names if alias.evaluated_name != self.name]
        if len(kept) == len(updated_node.names):
            return updated_node
        self.dropped = True
        if not kept:
            return cst.RemoveFromParent()
        return updated_node.with_changes(names=[*kept[:-1], kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)])

    def leave_Element(self, original_node: cst.Element, updated_node: cst.Element) -> cst.Element | cst.RemovalSentinel:
        value = original_node.value
        listed = isinstance(value, cst.SimpleString) and value.evaluated_value == self.name
        return cst.RemoveFromParent() if listed else updated_node
