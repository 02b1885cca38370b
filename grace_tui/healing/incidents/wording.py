"""The pattern of an error's message: what stays when everything that changes from run to run is taken out.

Pure; one table, applied from top to bottom. Quoted identifiers and dotted names stay: they say what is broken.
"""

import re
from collections.abc import Callable

LINE_LIMIT, TEXT_LIMIT = 10, 1_000

Replacement = str | Callable[[re.Match[str]], str]

_PATH = (
    r"(?:(?:[A-Za-z]:|\\\\[\w.$-]+)\\[^\s'\":;,<>|]*|(?<![\w.)\]~/<])~?/[^\s'\",;:()<>\[\]{}]*[^\s'\",;:()<>\[\]{}.])"
)
_UNIT = r"(?:ns|[uµ]s|ms|msecs?|milliseconds?|s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?)"
_NUMBER = r"\d[\d_,]*(?:\.\d+)*(?:[eE][+-]?\d+)?"
_HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*"

_QUOTED = re.compile(r"(?<![\w])'([^'\n]*)'(?!\w)|(?<![\w])\"([^\"\n]*)\"(?!\w)|`([^`\n]*)`")
_IDENTIFIER = re.compile(r"[\w.<>/:-]{1,80}(?:\(\))?")
_SET_OF_QUOTED = re.compile(r"\{'[^'{}]*'(?:, '[^'{}]*')+\}")

_BY_VERSION: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[.;,]? Did you mean:? .*?\?$", re.MULTILINE), ""),
    (re.compile(r" \(consider renaming .*\)"), ""),
    (re.compile(r" \((?:[^()]*[\\/][^()]*|unknown location)\)$", re.MULTILINE), ""),
    (re.compile(r" \([^()]*, line \d+\)$", re.MULTILINE), ""),
    (re.compile(r"abstract class '?(\w+)'? with(?:out an implementation for)? abstract (method)s? "), r"abstract \1: "),
    (re.compile(r" \(expected \d+(?:, got \d+)?\)"), ""),
    (re.compile(r"\b(positional|keyword-only) arguments?\b"), r"\1 argument"),
    (re.compile(r"\b(?:was|were) given\b"), "given"),
)
"""Where Python's own wording differs between 3.11 and later versions, or goes by how many there are."""

_TABLE: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    (re.compile(r"\b[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b"), "<id>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'\"<>]+"), "<url>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "<email>"),
    (re.compile(r"(['\"])(?:~?/|[A-Za-z]:\\|\\\\)[^'\"\n]*\1"), "'<path>'"),
    (re.compile(_PATH), "<path>"),
    (re.compile(r"\btmp[a-z0-9_]{8}\b"), "<tmp>"),
    (re.compile(r"\b0[xX][0-9a-fA-F]+\b"), "<hex>"),
    (
        re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?)?(?![\w-])"),
        "<time>",
    ),
    (re.compile(r"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b"), "<host>"),
    (re.compile(r"(?<![\w:])(?:\d+ days?, )?\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?![\w:])"), "<time>"),
    (re.compile(r"(?<![\w:.])\[?(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4})?\]?(?::\d+)?(?![\w:])"), "<host>"),
    (re.compile(r"(?<![\w:.])\[?::(?:[0-9a-fA-F]{1,4}:)*[0-9a-fA-F]{1,4}\]?(?::\d+)?(?![\w:])"), "<host>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<host>"),
    (re.compile(rf"(?i)\b(?:localhost|{_HOST}\.(?:com|net|org|edu|gov))(?::\d+)?\b(?!\()"), "<host>"),
    (
        re.compile(rf"(?i)(?<!['\"\w.]){_HOST}\.(?:io|dev|app|cloud|lan|local|internal)\b(?::\d+)?(?![.('\"\w])"),
        "<host>",
    ),
    (re.compile(rf"(?i)(?<![\w.:</]){_HOST}:\d{{2,5}}\b(?![.:]\d)"), "<host>"),
    (
        re.compile(
            r"(?i)\b(host|hostname|server|node|peer)([ =:]+)(?!is\b|was\b|has\b|not\b|did\b|<)[a-z][\w-]*\d[\w-]*"
        ),
        r"\1\2<host>",
    ),
    (re.compile(r"\b(?:[0-9a-fA-F]{8,}|(?=[a-fA-F]*\d)[0-9a-fA-F]{7})\b"), "<n>"),
    (re.compile(r"\b(?=(?:[A-Za-z_]*\d){4})(?=\d*[A-Za-z_])\w{12,}\b"), "<n>"),
    (re.compile(rf"(?<![\w.]){_NUMBER} ?{_UNIT}(?!\w)"), "<duration>"),
    (re.compile(rf"(?<![\w.])(?<!\w-)-?{_NUMBER}(?!\w)"), "<n>"),
    (re.compile(r"(?<=\w-)\d+(?!\w)"), "<n>"),
    (re.compile(r"(?<=-)<n>-[a-z0-9]{2,8}(?![\w-])"), "<n>"),
    (re.compile(r"<n>(?:-<n>)+"), "<n>"),
)


def pattern(kind: str, message: str) -> str:
    """The message of an exception of type `kind`, with everything that changes from run to run replaced."""
    if kind == "ZeroDivisionError":
        return "division by zero"
    if kind == "RecursionError":
        return "maximum recursion depth exceeded"
    text = "\n".join(message.strip().splitlines()[:LINE_LIMIT])[: TEXT_LIMIT * 4]
    for found, wording in _BY_VERSION:
        text = found.sub(wording, text)
    for found, replacement in _TABLE:
        text = found.sub(replacement, text)
    text = _SET_OF_QUOTED.sub(_sorted_set, text)
    text = _QUOTED.sub(_kept_quote, text)
    return " ".join(text.split())[:TEXT_LIMIT]


def without_values(text: str) -> str:
    """A pattern without what it quotes: the coarse one."""
    return _QUOTED.sub("<value>", text)


def _sorted_set(found: re.Match[str]) -> str:
    """The order of a set changes with the hash seed of each run."""
    return "{" + ", ".join(sorted(found[0][1:-1].split(", "))) + "}"


def _kept_quote(found: re.Match[str]) -> str:
    inner = next((group for group in found.groups() if group is not None), "")
    return f"'{inner}'" if _IDENTIFIER.fullmatch(inner) else "'<value>'"
