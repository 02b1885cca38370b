"""Source is parsed whatever else the process parses at that moment."""

import ast
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from grace_tui.kernel.parsing import parse_expression, parse_module

SOURCE = "\n".join(f"def f{number}(a, b=({number}, [1, {{2: -3}}])):\n    return a + b[0] ** 2" for number in range(20))
LONG = " + ".join(f"(a, [{number}])" for number in range(60))


class Parses:
    """Parses when it is collected, further down the stack, as a finalizer that prints a traceback does."""

    def __init__(self) -> None:
        self.cycle = self

    def __del__(self) -> None:
        _parse_below(10)


def _parse_below(depth: int) -> None:
    if depth:
        _parse_below(depth - 1)
    else:
        ast.parse("x = 1")


@contextmanager
def collected_within() -> Iterator[None]:
    """Garbage that is collected while the next source is turned into a tree."""
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(300, 1, 1)
    try:
        for _ in range(5):
            Parses()
        yield
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("parse", "kind"),
    [(lambda: parse_module(SOURCE), ast.Module), (lambda: parse_expression(LONG), ast.Expression)],
)
def test_source_is_parsed_while_a_finalizer_parses(parse: Callable[[], ast.AST], kind: type[ast.AST]) -> None:
    for _ in range(20):
        with collected_within():
            assert isinstance(parse(), kind)


@pytest.mark.parametrize("source", ["def", "(" * 300, "a\0b"])
def test_what_is_wrong_with_the_source_itself_is_raised(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        parse_module(source)
    with pytest.raises((SyntaxError, ValueError)):
        parse_expression(source)
