"""Where a text stops being Python, as the running interpreter sees it."""

import warnings
from dataclasses import dataclass

from grace_tui.kernel.parsing import parse_module

END = 1 << 30
"""Where the parser cannot say, or only that the file ended too soon."""


@dataclass(frozen=True, slots=True)
class Problem:
    words: str
    line: int
    """From 1."""
    column: int
    """From 0, in characters; -1 where it is not told."""


def problem_in(text: str) -> Problem | None:
    """The first thing that keeps `text` from being read; None where it can be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parse_module(text.encode("utf-8", "surrogatepass"))
    except SyntaxError as error:
        return Problem(error.msg or "", error.lineno or END, (error.offset or 0) - 1)
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem(str(error), 1, -1)
    return None


def ends_too_soon(text: str, problem: Problem) -> bool:
    """Say whether the file was cut off: what is lost cannot be told from what is left.

    A file that was written whole ends with a newline; one that breaks off does so in a statement that is not finished.
    """
    cut = not text.rstrip("\0").endswith(("\n", "\r"))
    last = text.rstrip().count("\n") + 1
    open_to_the_end = "never closed" in problem.words or "triple-quoted" in problem.words
    return cut and (problem.line >= last or open_to_the_end)


def lines_of(text: str) -> list[str]:
    """Lines with their ends, as the interpreter counts them."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t\f"))]


def ending(line: str) -> str:
    """How the line ends: `\\r\\n`, `\\n`, or not at all."""
    return line[len(line.rstrip("\r\n")) :]
