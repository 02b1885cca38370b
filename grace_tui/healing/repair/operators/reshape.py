"""Rebuilding a signature: parameters added, moved between kinds, or given a default, in the layout that is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import libcst as cst

from grace_tui.healing.repair.calling.parameters import BY_PLACE, Kind
from grace_tui.healing.repair.operators.shapes import is_docstring

_NO_SPACE = cst.SimpleWhitespace("")
_BARE = cst.MaybeSentinel.DEFAULT


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter of a signature, with how it is passed."""

    kind: Kind
    node: cst.Param

    @property
    def name(self) -> str:
        return self.node.name.value


def slots(function: cst.FunctionDef) -> list[Slot]:
    """All parameters in order, `self` among them."""
    params = function.params
    found = [Slot(Kind.POSITIONAL_ONLY, node) for node in params.posonly_params]
    found += [Slot(Kind.PLAIN, node) for node in params.params]
    if isinstance(params.star_arg, cst.Param):
        found.append(Slot(Kind.ARGS, params.star_arg))
    found += [Slot(Kind.KEYWORD_ONLY, node) for node in params.kwonly_params]
    if params.star_kwarg is not None:
        found.append(Slot(Kind.KWARGS, params.star_kwarg))
    return found


def valid(changed: Sequence[Slot]) -> bool:
    """Whether Python takes the order: no parameter without a default behind one that has it."""
    by_place = [slot.node.default is not None for slot in changed if slot.kind in BY_PLACE]
    names = [slot.name for slot in changed]
    return by_place == sorted(by_place) and len(set(names)) == len(names)


def arranged(function: cst.FunctionDef, changed: Iterable[Slot]) -> cst.FunctionDef:
    """The function with these parameters; comments and line breaks stay with the parameter they were written for."""
    ordered = sorted(changed, key=lambda slot: slot.kind)
    closing = _closing(function)
    gap = _gap(function)
    nodes = [_spaced(slot.node, closing, gap, last=at == len(ordered) - 1) for at, slot in enumerate(ordered)]
    groups = {kind: [node for slot, node in zip(ordered, nodes, strict=True) if slot.kind is kind] for kind in Kind}
    star: Any = groups[Kind.ARGS][0].with_changes(star="*") if groups[Kind.ARGS] else _BARE
    if star is _BARE and groups[Kind.KEYWORD_ONLY]:
        star = cst.ParamStar(cst.Comma(whitespace_after=gap))
    slash: Any = _BARE
    if groups[Kind.POSITIONAL_ONLY]:
        only = len(ordered) == len(groups[Kind.POSITIONAL_ONLY])
        slash = cst.ParamSlash(_BARE if only else cst.Comma(whitespace_after=gap))
    params = cst.Parameters(
        posonly_params=groups[Kind.POSITIONAL_ONLY],
        posonly_ind=slash,
        params=groups[Kind.PLAIN],
        star_arg=star,
        kwonly_params=groups[Kind.KEYWORD_ONLY],
        star_kwarg=groups[Kind.KWARGS][0].with_changes(star="**") if groups[Kind.KWARGS] else None,
    )
    return function.with_changes(params=params)


def _gap(function: cst.FunctionDef) -> cst.BaseParenthesizableWhitespace:
    """What stands between two parameters: a line break where they stand one a line, else a space."""
    commas = [slot.node.comma for slot in slots(function)]
    for comma in commas:
        if isinstance(comma, cst.Comma) and isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace):
            if comma is commas[-1]:
                break
            return _plain(comma.whitespace_after)
    first = function.whitespace_before_params
    if isinstance(first, cst.ParenthesizedWhitespace) and isinstance(commas[-1] if commas else None, cst.Comma):
        return _plain(first)
    return cst.SimpleWhitespace(" ")


def _plain(gap: cst.ParenthesizedWhitespace) -> cst.ParenthesizedWhitespace:
    newline = cst.TrailingWhitespace(newline=gap.first_line.newline)
    return cst.ParenthesizedWhitespace(newline, indent=gap.indent, last_line=gap.last_line)


def _closing(function: cst.FunctionDef) -> cst.Param | None:
    """The last parameter, with the comma and the space that stand before the closing bracket."""
    found = slots(function)
    if not found:
        return None
    slash = function.params.posonly_ind
    if found[-1].kind is Kind.POSITIONAL_ONLY and isinstance(slash, cst.ParamSlash):
        return found[-1].node.with_changes(comma=slash.comma, whitespace_after_param=slash.whitespace_after)
    return found[-1].node


def _spaced(
    node: cst.Param, closing: cst.Param | None, gap: cst.BaseParenthesizableWhitespace, *, last: bool
) -> cst.Param:
    if last:
        return _closed(node, closing)
    comma = node.comma
    if isinstance(comma, cst.Comma) and not _same(node, closing):
        return node
    after = gap
    if isinstance(comma, cst.Comma) and _commented(comma.whitespace_after):
        noted = cast("cst.ParenthesizedWhitespace", comma.whitespace_after)
        shape = gap if isinstance(gap, cst.ParenthesizedWhitespace) else noted
        after = noted.with_changes(indent=shape.indent, last_line=shape.last_line)
    return node.with_changes(comma=cst.Comma(whitespace_after=after), whitespace_after_param=_NO_SPACE)


def _closed(node: cst.Param, closing: cst.Param | None) -> cst.Param:
    """As the last parameter: with the comma and the space before the bracket that the last one had."""
    if closing is None:
        return node
    comma = closing.comma
    if isinstance(comma, cst.Comma) and isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace):
        gap = comma.whitespace_after if _same(node, closing) else _plain(comma.whitespace_after)
        comma = comma.with_changes(whitespace_after=gap)
    return node.with_changes(comma=comma, whitespace_after_param=closing.whitespace_after_param)


def _same(node: cst.Param, other: cst.Param | None) -> bool:
    return other is not None and node.name.value == other.name.value


def _commented(gap: cst.BaseParenthesizableWhitespace) -> bool:
    return isinstance(gap, cst.ParenthesizedWhitespace) and (
        gap.first_line.comment is not None or any(line.comment for line in gap.empty_lines)
    )


def with_default(node: cst.Param, text: str) -> cst.Param:
    spaced = cst.AssignEqual() if node.annotation else cst.AssignEqual(_NO_SPACE, _NO_SPACE)
    return node.with_changes(default=cst.parse_expression(quoted(text)), equal=spaced)


def quoted(text: str) -> str:
    """As most sources write strings, where that is the same string."""
    plain = text[:1] == text[-1:] == "'" and not set(text[1:-1]) & set("'\"\\")
    return f'"{text[1:-1]}"' if plain else text


def parameter(name: str, *, annotation: str = "", default: str | None = None) -> cst.Param:
    """A new parameter without a place."""
    made = cst.Param(
        cst.Name(name),
        annotation=cst.Annotation(cst.parse_expression(annotation)) if annotation else None,
    )
    return made if default is None else with_default(made, default)


def prepend(function: cst.FunctionDef, text: str, module: cst.Module) -> cst.FunctionDef:
    """Put statements first in the body, after its docstring."""
    new = list(cst.parse_module(text, config=module.config_for_parsing).body)
    body = function.body
    if isinstance(body, cst.SimpleStatementSuite):
        block = cst.IndentedBlock([cst.SimpleStatementLine(body.body, trailing_whitespace=body.trailing_whitespace)])
    else:
        block = cst.ensure_type(body, cst.IndentedBlock)
    at = 1 if block.body and is_docstring(block.body[0]) else 0
    return function.with_changes(body=block.with_changes(body=[*block.body[:at], *new, *block.body[at:]]))
