"""The pattern of an error's message: what stays when everything that changes from run to run is taken out.

Pure; one table, applied from top to bottom. Quoted identifiers and dotted names stay: they say what is broken.
"""

import re
from collections.abc import Callable

LINE_LIMIT, TEXT_LIMIT = 10, 1_000

Replacement = str | Callable[[re.Match[str]], str]

_QUOTED = re.compile(r"(?<!\w)'([^'\n]*)'(?!\w)|(?<!\w)\"([^\"\n]*)\"(?!\w)|`([^`\n]*)`")
_IDENTIFIER = re.compile(r"[\w.<>/:-]{1,80}(?:\(\))?")
_SET_OF_QUOTED = re.compile(r"\{'[^'{}]*'(?:, '[^'{}]*')+\}")


def _table(*rows: tuple[str, Replacement]) -> tuple[tuple[re.Pattern[str], Replacement], ...]:
    return tuple((re.compile(found, re.MULTILINE), replacement) for found, replacement in rows)


def _abstract(found: re.Match[str]) -> str:
    return f"abstract {found[1]}: {found[2].replace(chr(39), '')}"


_BY_VERSION = _table(
    (r"[.;,]? Did you mean:? .*?\?$", ""),
    (r" \(consider renaming .*\)", ""),
    (r" \((?:[^()]*[\\/][^()]*|unknown location)\)$", ""),
    (r" \([^()]*, line \d+\)$", ""),
    (r"abstract class '?(\w+)'? with(?:out an implementation for)? abstract methods? (.+)", _abstract),
    (r" \(expected \d+(?:, got \d+)?\)", ""),
    (r"\b(positional|keyword-only) arguments?\b", r"\1 argument"),
    (r"\b(?:was|were) given\b", "given"),
)
"""Where Python's own wording differs between 3.11 and later versions, or goes by how many there are."""

_HEX = "[0-9a-fA-F]"
_NUMBER = r"\d[\d_,]*(?:\.\d+)*(?:[eE][+-]?\d+)?"
_UNIT = r"(?:ns|[uµ]s|ms|msecs?|milliseconds?|s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?)"
_PORT = r"(?::\d+)?"
# Bounded, and tried from the start of a word only, so that no message costs more than its length.
_NAME = r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}"
_CLOCK = r"\d\d?:\d\d:\d\d(?:[.,]\d+)?"
_ZONE = r"(?:Z| ?[+-]\d\d:?\d\d)?"
_IPV6 = (
    rf"(?<![\w:.])\[?(?=[0-9a-fA-F:]*::|(?:{_HEX}{{1,4}}:){{7}})"
    rf"(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{0,4}}(?:\]{_PORT})?(?![\w:])"
)
_IN_PATH = r"[^\s'\",;:()<>\[\]{}]"

_CHANGING = _table(
    (rf"\b{_HEX}{{2}}-{_HEX}{{32}}-{_HEX}{{16}}-{_HEX}{{2}}\b", "<id>"),  # traceparent
    (rf"\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b", "<id>"),
    (r"\b[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s'\"<>]+", "<url>"),
    (r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b", "<email>"),
    # Paths that are not relative, so not the project's: quoted they may hold blanks.
    (r"(['\"])(?:~?/|[A-Za-z]:\\|\\\\)[^'\"\n]*\1", "'<path>'"),
    (r"(?<!\w)(?:[A-Za-z]:|\\\\[\w.$-]+)\\[^\s'\":;,<>|]*", "<path>"),
    (rf"(?<![\w.)\]~/<])~?/{_IN_PATH}*[^\s'\",;:()<>\[\]{{}}.]", "<path>"),
    (r"\btmp[a-z0-9_]{8}\b", "<tmp>"),
    (r"\b0[xX][0-9a-fA-F]+\b", "<hex>"),
    (rf"\b\d{{4}}-\d\d-\d\d(?:[T ](?:{_CLOCK}|\d\d:\d\d){_ZONE})?(?![\w-])", "<time>"),
    (rf"\b(?:{_HEX}{{2}}:){{5}}{_HEX}{{2}}\b", "<host>"),
    (rf"(?<![\w:])(?:\d+ days?, )?{_CLOCK}(?![\w:])", "<time>"),
    (_IPV6, "<host>"),
    (rf"\b\d{{1,3}}(?:\.\d{{1,3}}){{3}}{_PORT}\b", "<host>"),
    (rf"(?<![\w.-])(?:localhost|{_NAME}\.(?:com|net|org|edu|gov)){_PORT}\b(?!\()", "<host>"),
    # These endings are names of modules too: quoted, they are taken for one.
    (rf"(?<!['\"\w.-]){_NAME}\.(?:io|dev|app|cloud|lan|local|internal)\b{_PORT}(?![.('\"\w])", "<host>"),
    (rf"(?<![\w.:</-]){_NAME}:\d{{2,5}}\b(?![.:]\d)", "<host>"),
    (rf"(?<![\w.]){_NUMBER} ?{_UNIT}(?!\w)", "<duration>"),
    (rf"(?<![\w.])(?<!\w-)-?{_NUMBER}(?!\w)", "<n>"),
    (r"(?<=\w-)\d+(?!\w)", "<n>"),
    # Hashes and drawn ids: many hexadecimal digits, or many digits among letters.
    (rf"\b(?:{_HEX}{{8,}}|(?=[a-fA-F]*\d){_HEX}{{7}})\b", "<n>"),
    (r"\b(?=(?:[A-Za-z_]*\d){4})(?=\d*[A-Za-z_])\w{12,}\b", "<n>"),
    (r"(?<=-)<n>-[a-z0-9]{2,8}(?![\w-])", "<n>"),
    (r"<n>(?:-<n>)+", "<n>"),
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
    for found, replacement in _CHANGING:
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
