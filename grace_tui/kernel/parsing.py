"""Parses Python source, whatever else this process does at that moment.

Before 3.11.8 and 3.12.2 the interpreter counts the depth of a tree for the whole process: a parse during which another
one runs (in a thread, or in a finalizer that prints a traceback) ends in a SystemError although the source is fine.
"""

import ast

TRIES = 50


def parse_module(source: str | bytes) -> ast.Module:
    """The tree of a file. Raises what `ast.parse` raises of the source itself."""
    for _ in range(TRIES - 1):
        try:
            return ast.parse(source)
        except SystemError:
            continue
    return ast.parse(source)


def parse_expression(source: str) -> ast.Expression:
    """The tree of one expression. Raises what `ast.parse` raises of the source itself."""
    for _ in range(TRIES - 1):
        try:
            return ast.parse(source, mode="eval")
        except SystemError:
            continue
    return ast.parse(source, mode="eval")
