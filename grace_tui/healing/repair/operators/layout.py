"""Adding one item to a bracketed list without disturbing the layout around it.

Parameters, arguments, dict entries, list elements and imported names all carry a comma that owns the whitespace and
comments after it. The new item takes over the closing layout; comments stay with the item they were written for.
"""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import libcst as cst

Separated = (
    cst.Param | cst.Arg | cst.DictElement | cst.StarredDictElement | cst.Element | cst.StarredElement | cst.ImportAlias
)
Item = TypeVar("Item", bound=Separated)
Gap = cst.BaseParenthesizableWhitespace

SPACE = cst.SimpleWhitespace(" ")
NOTHING = cst.SimpleWhitespace("")


def insert_item(items: Sequence[Item], new: Item, at: int, first_gap: Gap) -> list[Item]:
    """Put `new` at position `at`; `first_gap` is the whitespace after the opening bracket."""
    return insert_between(first_gap, items, new, at, NOTHING)[0]


def insert_between(first_gap: Gap, items: Sequence[Item], new: Item, at: int, last_gap: Gap) -> tuple[list[Item], Gap]:
    """The same for a bracket that owns the whitespace before its end (`last_gap`); returns that whitespace too."""
    if not items:
        return [new], last_gap
    if at < len(items):
        gap = _gap_before(items, at, first_gap)
        return [*items[:at], _changed(new, comma=cst.Comma(whitespace_after=gap)), *items[at:]], last_gap
    return _append(items, new, first_gap, last_gap), _bare(last_gap)


def _append(items: Sequence[Item], new: Item, first_gap: Gap, last_gap: Gap) -> list[Item]:
    last = items[-1]
    gap = _gap_before(items, len(items) - 1, first_gap)
    if isinstance(last.comma, cst.Comma):
        closing = last.comma.whitespace_after
        source = last_gap if isinstance(last_gap, cst.ParenthesizedWhitespace) else closing
        comma = last.comma.with_changes(whitespace_after=_with_comments_of(source, gap))
        return [
            *items[:-1],
            _changed(last, comma=comma),
            _changed(new, comma=last.comma.with_changes(whitespace_after=_bare(closing))),
        ]
    inside = _CLOSING.get(type(last), "")
    closing = getattr(last, inside) if inside else last_gap
    comma = cst.Comma(whitespace_after=_with_comments_of(closing, gap))
    if not inside:
        return [*items[:-1], _changed(last, comma=comma), new]
    return [*items[:-1], _changed(last, comma=comma, **{inside: NOTHING}), _changed(new, **{inside: _bare(closing)})]


_CLOSING: dict[type[cst.CSTNode], str] = {cst.Param: "whitespace_after_param", cst.Arg: "whitespace_after_arg"}
"""Where the whitespace before the closing bracket lives, for items that own it when they have no trailing comma."""


def _changed(item: Item, **changes: Any) -> Item:
    return cast("Item", item.with_changes(**changes))


def _gap_before(items: Sequence[Separated], at: int, first_gap: Gap) -> Gap:
    """The whitespace that separates items here: a line break where they stand one a line, else a space."""
    comma = items[max(at - 1, 0)].comma
    if len(items) > 1:
        return _bare(comma.whitespace_after) if isinstance(comma, cst.Comma) else SPACE
    trailing = isinstance(comma, cst.Comma)
    return _bare(first_gap) if trailing and isinstance(first_gap, cst.ParenthesizedWhitespace) else SPACE


def _bare(gap: Gap) -> Gap:
    """The same whitespace without its comments and empty lines."""
    if not isinstance(gap, cst.ParenthesizedWhitespace):
        return gap
    newline = cst.TrailingWhitespace(newline=gap.first_line.newline)
    return cst.ParenthesizedWhitespace(newline, indent=gap.indent, last_line=gap.last_line)


def _with_comments_of(source: Gap, gap: Gap) -> Gap:
    if not isinstance(source, cst.ParenthesizedWhitespace) or not _has_comment(source):
        return gap
    if isinstance(gap, cst.ParenthesizedWhitespace):
        return source.with_changes(indent=gap.indent, last_line=gap.last_line)
    return source.with_changes(indent=True, last_line=cst.SimpleWhitespace("    "))


def _has_comment(gap: cst.ParenthesizedWhitespace) -> bool:
    return gap.first_line.comment is not None or any(line.comment for line in gap.empty_lines)
