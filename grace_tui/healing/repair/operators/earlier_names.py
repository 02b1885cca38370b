"""The decorator that hands keywords on under a parameter's present name, written once into the provider's module."""

from collections.abc import Sequence

import libcst as cst

from grace_tui.healing.repair.operators.shapes import is_docstring, is_name
from grace_tui.healing.repair.operators.target import with_replaced

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement

HELPER = "_also_named"
ASYNC_HELPER = "_also_named_async"

_TEXT = '''\
def {helper}(**earlier):
    """Let callers use the earlier name of a parameter."""

    def decorate(function):
        @functools.wraps(function)
        {async_}def wrapper(*args, **kwargs):
            for before, name in earlier.items():
                if before in kwargs:
                    if name in kwargs:
                        raise TypeError(f"{{function.__qualname__}}() got both {{name!r}} and {{before!r}}")
                    kwargs[name] = kwargs.pop(before)
            return {await_}function(*args, **kwargs)

        return wrapper

    return decorate
'''


def decorated(
    module: cst.Module, function: cst.FunctionDef, earlier: str, name: str, *, asynchronous: bool
) -> cst.Module:
    """The module with the function decorated, and with the decorator and its import where they are not there yet."""
    helper = ASYNC_HELPER if asynchronous else HELPER
    arguments = [cst.Arg(cst.SimpleString(f'"{name}"'), keyword=cst.Name(earlier), equal=_TIGHT)]
    mark = cst.Decorator(cst.Call(cst.Name(helper), arguments))
    changed = function.with_changes(decorators=[*function.decorators, mark])
    holder = next(at for at, node in enumerate(module.body) if node is function or _holds(node, function))
    replaced = with_replaced(module, function, changed)
    if _defines(module.body, helper):
        return replaced
    text = _TEXT.format(helper=helper, async_="async " if asynchronous else "", await_="await " if asynchronous else "")
    new = list(cst.parse_module(text, config=module.config_for_parsing).body)
    body = list(replaced.body)
    spaced = new[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)] * 2)
    return replaced.with_changes(
        body=_with_functools([*body[:holder], spaced, _apart(body[holder]), *body[holder + 1 :]], module)
    )


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def _holds(node: cst.CSTNode, wanted: cst.CSTNode) -> bool:
    return any(child is wanted or _holds(child, wanted) for child in node.children)


def _defines(body: Sequence[cst.CSTNode], name: str) -> bool:
    return any(isinstance(node, cst.FunctionDef) and node.name.value == name for node in body)


def _apart(node: Statement) -> Statement:
    """Two empty lines above, where there are fewer."""
    leading = list(node.leading_lines)
    blank = sum(line.comment is None for line in leading)
    more = [cst.EmptyLine(indent=False)] * max(0, 2 - blank)
    return node.with_changes(leading_lines=[*more, *leading])


def _with_functools(body: list[Statement], module: cst.Module) -> list[Statement]:
    if any(_imports_functools(node) for node in body):
        return body
    new = cst.ensure_type(
        cst.parse_statement("import functools\n", config=module.config_for_parsing), cst.SimpleStatementLine
    )
    at = 1 if body and is_docstring(body[0]) else 0
    while at < len(body) and _is_future(body[at]):
        at += 1
    after = body[at:]
    if at:
        new = new.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    if after and isinstance(after[0], cst.SimpleStatementLine) and isinstance(after[0].body[0], _IMPORTS):
        comments = [line for line in after[0].leading_lines if line.comment]
        after[0] = after[0].with_changes(leading_lines=comments)
    return [*body[:at], new, *after]


_IMPORTS = cst.Import | cst.ImportFrom


def _imports_functools(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.SimpleStatementLine):
        return False
    aliases = [alias for entry in node.body if isinstance(entry, cst.Import) for alias in entry.names]
    return any(is_name(alias.name, "functools") and alias.asname is None for alias in aliases)


def _is_future(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.ImportFrom):
        return False
    module = node.body[0].module
    return isinstance(module, cst.Name) and module.value == "__future__"
