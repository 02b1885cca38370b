"""From a traceback's place in the bytecode to its text and syntax tree, as the file has it now."""

from __future__ import annotations

import ast
import functools
import inspect
import io
import linecache
import warnings
from itertools import islice
from types import CodeType, FrameType, TracebackType
from typing import Iterator, Tuple

Span = Tuple[int, int, int, int]
"""First line, first column, last line, last column: lines from 1, columns in bytes from 0."""
_TRIES = 50


def last_of(trace: TracebackType) -> TracebackType:
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def lines_of(frame: FrameType) -> list[str]:
    file = frame.f_code.co_filename
    linecache.checkcache(file)
    return linecache.getlines(file, frame.f_globals)


def span_at(trace: TracebackType) -> Span | None:
    """Where the expression stands that was being evaluated, on a Python that knows (3.11, unless told not to)."""
    positions = getattr(trace.tb_frame.f_code, "co_positions", None)
    if positions is None:
        return None
    first, last, start, end = next(islice(positions(), trace.tb_lasti // 2, None), (None, None, None, None))
    if first is None or last is None or start is None or end is None:
        return None
    return first, start, last, end


def failing_text(trace: TracebackType) -> str:
    """The expression at which a traceback's entry stands, as it is written; empty where that cannot be told."""
    span = span_at(trace)
    cut = None if span is None else _cut_out(lines_of(trace.tb_frame), span)
    return "" if cut is None or cut[0].rstrip().endswith(b".") else cut[1].decode()


def failing_node(trace: TracebackType) -> ast.AST | None:
    """The syntax tree of that expression, or of the statement, where that is what failed."""
    span = span_at(trace)
    if span is None:
        return None
    lines = lines_of(trace.tb_frame)
    cut = _cut_out(lines, span)
    if cut is None:
        return None
    # In a chain over several lines the position starts at the last attribute, so the text alone would name a stranger.
    if cut[0].rstrip().endswith(b"."):
        return _ending_at(trace.tb_frame.f_code, lines, span)
    node = _parse(b"(" + cut[1] + b")") or _parse(cut[1])
    return node[0].value if node and isinstance(node[0], ast.Expr) else node[0] if node else None


def failed_call(trace: TracebackType) -> ast.Call | None:
    """The call that a traceback's entry stands at."""
    if span_at(trace) is None:
        # Without positions the line must do, where it leaves no choice.
        return _only_call_on(trace.tb_frame.f_code, lines_of(trace.tb_frame), trace.tb_lineno)
    node = failing_node(trace)
    return node if isinstance(node, ast.Call) else None


def body_of(code: CodeType, lines: list[str]) -> list[ast.stmt]:
    """The statements of the function (or module) with the file's own line numbers and columns."""
    if code.co_name == "<module>":
        return _parse("".join(lines).encode("utf-8", "surrogatepass"))
    first = max(code.co_firstlineno, 1)
    return _function("".join(lines[first - 1 :]), first)


def nodes_of(code: CodeType, lines: list[str]) -> Iterator[ast.AST]:
    for top in body_of(code, lines):
        yield from ast.walk(top)


@functools.lru_cache(maxsize=32)  # one failure asks for each of its functions several times, and many come again
def _function(rest: str, first: int) -> list[ast.stmt]:
    """What a function's source is, out of the file's text from its first line on; not to be changed."""
    block = inspect.getblock(list(io.StringIO(rest)))  # not splitlines: a form feed ends no line
    text = "".join(block).encode("utf-8", "surrogatepass")
    indented = text[:1].isspace()
    body = _parse(b"if 1:\n" + text if indented else text)
    for top in body:
        ast.increment_lineno(top, first - 1 - int(indented))
    return body


def _ending_at(code: CodeType, lines: list[str], span: Span) -> ast.AST | None:
    ending = [node for node in nodes_of(code, lines) if isinstance(node, ast.expr) and _end(node) == span[2:]]
    calls = [node for node in ending if isinstance(node, ast.Call)]
    return max(calls or ending, key=lambda node: (-node.lineno, -node.col_offset), default=None)


def _end(node: ast.expr) -> tuple[int | None, int | None]:
    return node.end_lineno, node.end_col_offset


def _only_call_on(code: CodeType, lines: list[str], line: int) -> ast.Call | None:
    calls = [node for node in nodes_of(code, lines) if isinstance(node, ast.Call)]
    found = [node for node in calls if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return found[0] if len(found) == 1 else None


def _cut_out(lines: list[str], span: Span) -> tuple[bytes, bytes] | None:
    """What stands before a span on its first line, and the span."""
    first, start, last, end = span
    if not 1 <= first <= last <= len(lines):
        return None
    raw = [line.encode("utf-8", "surrogatepass") for line in lines[first - 1 : last]]
    raw[-1] = raw[-1][:end]
    before, raw[0] = raw[0][:start], raw[0][start:]
    return before, b"".join(raw)


def _parse(text: bytes) -> list[ast.stmt]:
    try:
        return _quietly(text) if b"\\" in text else _tree(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the file changed under the running code
        return []


def _quietly(text: bytes) -> list[ast.stmt]:
    """Of odd escapes the program's Python has told already; to tell again would change what the program prints."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _tree(text).body


def _tree(text: bytes) -> ast.Module:
    """Before 3.11.8 and 3.12.2 a parse during which another one runs ends in a SystemError: then it is tried again."""
    for _ in range(_TRIES - 1):
        try:
            return ast.parse(text)
        except SystemError:  # noqa: PERF203  # there is nearly always one turn
            continue
    return ast.parse(text)
