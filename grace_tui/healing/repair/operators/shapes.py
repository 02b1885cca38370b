"""Small questions about syntax nodes. Plain functions: importing libcst's own matchers takes 160 ms."""

import libcst as cst


def is_name(node: cst.CSTNode | None, *names: str) -> bool:
    return isinstance(node, cst.Name) and node.value in names


def is_call_of(node: cst.CSTNode | None, name: str) -> bool:
    return isinstance(node, cst.Call) and is_name(node.func, name)


def is_docstring(node: cst.CSTNode) -> bool:
    """True for a statement that is nothing but a string."""
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def last_name(node: cst.BaseExpression) -> str:
    """`thing` of `a.thing`, `thing(...)`, `thing[...]` and `thing`; empty for anything else."""
    if isinstance(node, cst.Call):
        return last_name(node.func)
    if isinstance(node, cst.Subscript):
        return last_name(node.value)
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def dotted(node: cst.BaseExpression | None) -> str:
    """`a.b.c`; empty for no node."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""
