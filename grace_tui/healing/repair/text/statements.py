"""A statement with something missing or too much in it: a colon, a bracket, a quote, a comma; and Python 2."""

import re
from collections.abc import Iterator, Sequence

from grace_tui.healing.repair.text.reading import END, Problem, ending, indentation
from grace_tui.healing.repair.text.rule import Change, with_line

_OPENED = re.compile(r"'(?P<bracket>[(\[{])' was never closed")
_MISMATCH = re.compile(
    r"closing parenthesis '(?P<found>[)\]}])' does not match opening parenthesis '(?P<opened>[(\[{])'"
)
_UNMATCHED = re.compile(r"unmatched '(?P<bracket>[)\]}])'")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BLOCK = re.compile(
    r"^\s*(?:(?:async\s+)?(?:def|class|for|with|if|elif|while|except)\b|(?:else|try|finally)\b|match\b|case\b)"
)
_PRINT = re.compile(r"^(?P<indent>\s*)print\s+(?P<what>.+?)(?P<comma>,?)\s*$")
_EXCEPT = re.compile(r"^(?P<head>\s*except\s+[\w.]+|\s*except\s+\([^)]*\))\s*,\s*(?P<name>\w+)\s*:")
_RAISE = re.compile(r"^(?P<head>\s*raise\s+[\w.]+)\s*,\s*(?P<what>.+?)\s*$")
REACH = 20
"""Lines after an open bracket at whose end it may have been meant to close."""


def misspelt(text: str, lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    if problem.line == END or not 1 <= problem.line <= len(lines):
        return
    yield from _colon(lines, problem)
    yield from _brackets(lines, problem)
    yield from _quotes(lines, problem)
    yield from _equals(lines, problem)
    yield from _commas(lines, problem)
    yield from _older(lines, problem)


def _colon(lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    for number in (problem.line, problem.line - 1):
        line = lines[number - 1] if number >= 1 else ""
        code = line.split("  #")[0].rstrip()
        if _BLOCK.match(line) and not code.endswith(":"):
            rest = line[len(code) :]
            yield Change(with_line(lines, number, f"{code}:{rest}"), 0.8, f"colon added in line {number}")


def _brackets(lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    if match := _OPENED.search(problem.words):
        yield from _closed(lines, problem.line, _CLOSING[match["bracket"]])
    elif match := _MISMATCH.search(problem.words):
        number, at = problem.line, problem.column
        line = lines[number - 1]
        wanted = _CLOSING[match["opened"]]
        yield Change(with_line(lines, number, line[:at] + wanted + line[at:]), 0.6, f"{wanted} added in line {number}")
        yield Change(
            with_line(lines, number, line[:at] + wanted + line[at + 1 :]), 0.5, f"{wanted} put right in line {number}"
        )
    elif _UNMATCHED.search(problem.words):
        number, at = problem.line, problem.column
        line = lines[number - 1]
        yield Change(
            with_line(lines, number, line[:at] + line[at + 1 :]), 0.5, f"{line[at : at + 1]} removed in line {number}"
        )
    elif "invalid syntax" in problem.words or "expected" in problem.words:
        yield from _closed_near(lines, problem)


def _closed(lines: Sequence[str], begin: int, bracket: str) -> Iterator[Change]:
    """At the end of the line, or of a later one that is still deeper."""
    own = len(indentation(lines[begin - 1]))
    for number in range(begin, min(begin + REACH, len(lines)) + 1):
        line = lines[number - 1]
        if number > begin and line.strip() and len(indentation(line)) < own:
            return
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        yield from _closed_in(lines, number, bracket)


def _closed_in(lines: Sequence[str], number: int, bracket: str) -> Iterator[Change]:
    line = lines[number - 1]
    end = ending(line)
    code = line.rstrip("\r\n").rstrip()
    words = f"{bracket} added in line {number}"
    if code.endswith(":"):
        yield Change(with_line(lines, number, f"{code[:-1]}{bracket}:{end}"), 0.6, words)
    if code.endswith(","):
        yield Change(with_line(lines, number, f"{code[:-1]}{bracket},{end}"), 0.5, words)
    yield Change(with_line(lines, number, f"{code}{bracket}{end}"), 0.6, words)


def _closed_near(lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    """Often it is the colon after the open bracket that is told of, or the statement after it."""
    for number in range(problem.line, max(problem.line - 4, 0), -1):
        line = lines[number - 1]
        for opened, bracket in _CLOSING.items():
            if line.count(opened) > line.count(bracket):
                yield from _closed_in(lines, number, bracket)


def _quotes(lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    if "unterminated" not in problem.words or "triple" in problem.words:
        return
    line = lines[problem.line - 1]
    end = ending(line)
    code = line.rstrip("\r\n")
    quote = code[problem.column : problem.column + 1]
    if quote not in "'\"" or not quote:
        found = re.search(r"['\"]", code[max(problem.column, 0) :])
        quote = found[0] if found else ""
    if not quote:
        return
    tail = re.search(r"[)\]},:\s]*$", code)
    for at in range(tail.start() if tail else len(code), len(code) + 1):
        changed = with_line(lines, problem.line, f"{code[:at]}{quote}{code[at:]}{end}")
        yield Change(changed, 0.5, f"quote added in line {problem.line}")


def _equals(lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    line = lines[problem.line - 1]
    if "'=='" in problem.words and (match := re.search(r"(?<![=!<>:])=(?!=)", line[max(problem.column, 0) :])):
        at = max(problem.column, 0) + match.start()
        yield Change(
            with_line(lines, problem.line, f"{line[:at]}=={line[at + 1 :]}"), 0.5, f"= made == in line {problem.line}"
        )


def _commas(lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    if "comma" not in problem.words and "invalid syntax" not in problem.words:
        return
    for number in (problem.line, problem.line - 1):
        line = lines[number - 1] if number >= 1 else ""
        code = line.rstrip()
        if code and not code.endswith((",", "(", "[", "{", ":", "\\")):
            changed = with_line(lines, number, f"{code},{ending(line)}")
            yield Change(changed, 0.5, f"comma added in line {number}")


def _older(lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    """Statements of Python 2 whose meaning is plain."""
    line = lines[problem.line - 1]
    end = ending(line)
    words = f"line {problem.line} written for Python 3"
    if match := _PRINT.match(line):
        more = ', end=" "' if match["comma"] else ""
        yield Change(with_line(lines, problem.line, f"{match['indent']}print({match['what']}{more}){end}"), 0.7, words)
    if match := _EXCEPT.match(line):
        rest = line[match.end() :]
        yield Change(with_line(lines, problem.line, f"{match['head']} as {match['name']}:{rest}"), 0.7, words)
    if match := _RAISE.match(line):
        yield Change(with_line(lines, problem.line, f"{match['head']}({match['what']}){end}"), 0.7, words)
