"""A source cut into what can be put back by itself: definitions, bindings, imports; together they are the whole text.

A class is its header and its members. What stands above a piece, comments and empty lines, belongs to it.
"""

import ast
import hashlib
import io
import keyword
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from grace_tui.healing.repair.index.outline import Definition, bound_names, parse, run_at_import, stored

_WORD = re.compile(r"[^\W\d]\w*")
_COMMON = frozenset({*keyword.kwlist, *keyword.softkwlist, "self", "cls"})


@dataclass(frozen=True)
class Segment:
    key: str
    """What it is, the same in every version of the file: `Log.append`, `class Log`, `=LIMIT`, `from .rows`."""
    owner: str
    """Qualified name of the class that it is a member of; empty at module level."""
    text: str
    code: str
    """What it says, without layout, comments and documentation: equal for what behaves alike."""
    names: frozenset[str]
    """What it binds where it stands."""

    @property
    def last(self) -> str:
        """The name by which others use it; empty for what has no single one."""
        return self.key.rpartition(" ")[2].rpartition(".")[2].partition("@")[0].partition("#")[0].lstrip("=")

    @property
    def qualname(self) -> str:
        return self.key.removeprefix("class ").partition("@")[0].partition("#")[0]

    @cached_property
    def words(self) -> Counter[str]:
        """Identifiers in its code, and words in its strings."""
        return Counter(word for word in _WORD.findall(self.code) if word not in _COMMON)


def cut(text: str) -> list[Segment] | None:
    """The segments of a source in order; None where it does not parse."""
    module = parse(text)
    if isinstance(module, str):
        return None
    lines = list(io.StringIO(text, newline=""))
    cutter = _Cutter(lines)
    cutter.body(module.body, "", 0, len(lines))
    return _distinct(cutter.found)


def changed_words(one: Segment | None, other: Segment | None) -> frozenset[str]:
    """Identifiers that one has and the other has not, or not as often."""
    first, second = one.words if one else Counter[str](), other.words if other else Counter[str]()
    return frozenset((first - second) + (second - first))


class _Cutter:
    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.found: list[Segment] = []

    def body(self, body: Sequence[ast.stmt], owner: str, start: int, end: int) -> None:
        """Cut the lines `start` to `end` (from 0, end excluded), which hold these statements."""
        at = start
        for group in _by_lines(body):
            until = max((node.end_lineno or node.lineno) for node in group)
            self._statements(group, owner, at, until)
            at = until
        if at < end:
            self.found.append(Segment(f"end {owner}", owner, self._text(at, end), "", frozenset()))

    def _statements(self, group: Sequence[ast.stmt], owner: str, start: int, end: int) -> None:
        first = group[0]
        if len(group) == 1 and isinstance(first, ast.ClassDef) and (inner := self._members_from(first)):
            qualname = f"{owner}.{first.name}" if owner else first.name
            self._add(f"class {qualname}", owner, start, inner, _header(first), {first.name})
            members = first.body
            self.body(members, qualname, inner, end)
            return
        names = {name for name, _ in bound_names(list(run_at_import(list(group))))} | set(_imported(group))
        code = "\n".join(ast.unparse(_undocumented(node)) for node in group)
        self._add(_key(first, owner), owner, start, end, code, names)

    def _add(self, key: str, owner: str, start: int, end: int, code: str, names: set[str]) -> None:
        self.found.append(Segment(key, owner, self._text(start, end), code, frozenset(names)))

    def _members_from(self, node: ast.ClassDef) -> int:
        """The line (from 0) where the members of a class begin; 0 where they stand on the line of its header."""
        at = _first_line(node.body[0]) - 1
        header = max(
            (part.end_lineno or 0 for part in (*node.bases, *(entry.value for entry in node.keywords))),
            default=node.lineno,
        )
        if at < max(header, node.lineno):
            return 0
        while at > max(header, node.lineno) and self.lines[at - 1].strip()[:1] in ("", "#"):
            at -= 1
        return at

    def _text(self, start: int, end: int) -> str:
        return "".join(self.lines[start:end])


def _by_lines(body: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Statements that share a line stay together."""
    group: list[ast.stmt] = []
    for node in body:
        if group and _first_line(node) > (group[-1].end_lineno or group[-1].lineno):
            yield group
            group = []
        group.append(node)
    if group:
        yield group


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(entry.lineno for entry in decorators)])


def _key(node: ast.stmt, owner: str) -> str:
    prefix = f"{owner}." if owner else ""
    if _is_text(node):
        return f"{prefix}doc"
    if isinstance(node, Definition):
        roles = [entry.attr for entry in node.decorator_list if isinstance(entry, ast.Attribute)]
        role = next((f"@{role}" for role in roles if role in ("setter", "deleter", "getter")), "")
        return f"{prefix}{node.name}{role}"
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        written = ",".join(stored(*targets)) or ast.unparse(targets[0])
        return f"{prefix}{'+' if isinstance(node, ast.AugAssign) else ''}={written}"
    if isinstance(node, ast.ImportFrom):
        return f"from {'.' * node.level}{node.module or ''}"
    if isinstance(node, ast.Import):
        return f"import {node.names[0].name}"
    if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
        inside = sorted({name for name, _ in bound_names(list(run_at_import([node])))} | set(_imported([node])))
        if inside:
            return f"{prefix}block {inside[0]}"
    return f"{prefix}other {hashlib.sha1(ast.unparse(node).encode(errors='replace')).hexdigest()[:12]}"


def _imported(group: Sequence[ast.stmt]) -> Iterator[str]:
    for node in run_at_import(list(group)):
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def _header(node: ast.ClassDef) -> str:
    parts = [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
    return "\n".join([node.name, *(ast.unparse(part) for part in parts)])


def _undocumented(node: ast.stmt) -> ast.stmt:
    """The statement without the documentation of what it defines; the node is changed."""
    for inner in ast.walk(node):
        body = getattr(inner, "body", None)
        if isinstance(inner, Definition) and isinstance(body, list) and len(body) > 1 and _is_text(body[0]):
            del body[0]
    return node


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _distinct(found: Sequence[Segment]) -> list[Segment]:
    """Number what has the key of an earlier one, such as overloads."""
    seen: Counter[str] = Counter()
    numbered = []
    for segment in found:
        seen[segment.key] += 1
        count = seen[segment.key]
        key = segment.key if count == 1 else f"{segment.key}#{count}"
        numbered.append(Segment(key, segment.owner, segment.text, segment.code, segment.names))
    return numbered
