"""What changes from run to run in a message: ids, hosts, paths, times, numbers. One table, applied from top to bottom.

Each row has hints (texts of which one must be there for the row to match), a pattern and the mark that takes its
place. A pattern is tried from the start of a word only, and no repeat is entered twice at one place, so that no
message costs more than its length.
"""

import re
from collections.abc import Callable

Replacement = str | Callable[[re.Match[str]], str]
Row = tuple[tuple[str, ...], re.Pattern[str], Replacement]

_DIGITS = tuple("0123456789")
_HEX = "[0-9a-fA-F]"
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,8}(?!\d)|\d+(?:_\d+)*+)(?:\.\d+)*+(?:[eE][+-]?\d+)?"
_UNIT = r"(?:ns|[uµ]s|ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?)"
_SIZE = r"(?:[kKMGTP]i?)?B|bytes?|[kKMGTP]i?b(?:ytes)?"
_PORT = r"(?::\d+)?"
_NAME = r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}"
_CLOCK = r"\d\d?:\d\d:\d\d(?:[.,]\d+)?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]{{0,6}}"
_IPV6 = (
    rf"(?<![\w:.])\[?(?=[0-9a-fA-F:]{{0,45}}::|(?:{_HEX}{{1,4}}:){{7}})"
    rf"(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{0,4}}(?:%\w{{1,16}})?(?:\]{_PORT})?(?![\w:])"
)
_IN_PATH = r"[^\s'\",;:()<>\[\]{}]"


def _row(hints: str | tuple[str, ...], found: str, replacement: Replacement) -> Row:
    return (hints,) if isinstance(hints, str) else hints, re.compile(found, re.MULTILINE), replacement


def _measured(found: re.Match[str]) -> str:
    return "<duration>" if found["unit"] else "<size>" if found["size"] else "<n>"


CHANGING: tuple[Row, ...] = (
    _row("-", rf"\b{_HEX}{{2}}-{_HEX}{{32}}-{_HEX}{{16}}-{_HEX}{{2}}\b", "<id>"),  # traceparent
    _row("-", rf"\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b", "<id>"),
    _row("://", r"\b[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s'\"<>]+(?<![).,;:\]])", "<url>"),
    _row("@", r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b", "<email>"),
    # Paths that are not relative, so not the project's: quoted they may hold blanks.
    _row(("/", "\\"), r"(?<!\w)(['\"])(?:~?/|[A-Za-z]:\\|\\\\)[^'\"\n]*\1", "'<path>'"),
    _row("\\", r"(?<!\w)(?:[A-Za-z]:|\\\\[\w.$-]+)\\[^\s'\":;,<>|]*", "<path>"),
    _row("/", rf"(?<![\w.)\]~/<])~?/{_IN_PATH}*+(?<!\.)", "<path>"),
    _row("tmp", r"\btmp[a-z0-9_]{8}\b", "<tmp>"),
    _row(("0x", "0X"), r"\b0[xX][0-9a-fA-F]+\b", "<hex>"),
    _row("0b", r"\b0b[01]+(?: [01]+)?\b", "<n>"),
    _row("-", rf"\b\d{{4}}-\d\d-\d\d(?:[T ](?:{_CLOCK}|\d\d:\d\d){_ZONE})?(?![\w-])", "<time>"),
    _row("T", r"\b\d{8}T\d{6}(?:\.\d+)?Z?\b", "<time>"),
    _row("/", rf"\b\d{{4}}/\d\d/\d\d(?: {_CLOCK})?\b", "<time>"),
    _row(
        _MONTHS,
        rf"\b(?:{_DAY},? )?(?:\d\d?[ /-]{_MONTH}[ /-]\d{{4}}|{_MONTH} +\d\d?(?:, \d{{4}})?)"
        rf"(?:[ :]{_CLOCK})?{_ZONE}(?: \d{{4}})?\b",
        "<time>",
    ),
    _row(":", rf"\b(?:{_HEX}{{2}}:){{5}}{_HEX}{{2}}\b", "<host>"),
    _row(":", rf"(?<![\w:])(?:\d+ days?, )?{_CLOCK}{_ZONE}(?![\w:])", "<time>"),
    _row("::", _IPV6, "<host>"),
    _row(":", rf"(?<![\w:.])(?:{_HEX}{{1,4}}:){{7}}{_HEX}{{1,4}}(?![\w:])", "<host>"),
    _row(".", rf"\b\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?:/\d+|{_PORT})\b", "<host>"),
    _row("localhost", rf"(?<![\w.-])localhost{_PORT}\b(?!\()", "<host>"),
    _row(
        (".com", ".net", ".org", ".edu", ".gov"),
        rf"(?<![\w.-]){_NAME}\.(?:com|net|org|edu|gov){_PORT}\b(?!\()",
        "<host>",
    ),
    # These endings are names of modules too: quoted, they are taken for one.
    _row(
        (".io", ".dev", ".app", ".cloud", ".lan", ".local", ".internal"),
        rf"(?<!['\"\w.-]){_NAME}\.(?:io|dev|app|cloud|lan|local|internal)\b{_PORT}(?![.('\"\w])",
        "<host>",
    ),
    _row(":", rf"(?<![\w.:</-])(?!\w+\.py:){_NAME}:\d{{2,5}}\b(?![.:]\d)", "<host>"),
    _row(
        _DIGITS,
        rf"(?<![\w.])(?<!\w-)-?{_NUMBER}(?:(?P<unit> ?{_UNIT}\b(?:\d+{_UNIT}\b)*+)|(?P<size> ?(?:{_SIZE})\b))?(?!\w)",
        _measured,
    ),
    _row(_DIGITS, rf"(?<![\w.])(?:\d+(?:\.\d+)?{_UNIT}){{2,6}}\b", "<duration>"),
    _row(_DIGITS, r"(?<![\w.])\d+(?:st|nd|rd|th)\b", "<n>"),
    _row("-", r"(?<=\w-)\d+(?!\w)", "<n>"),
    # Hashes and drawn ids: many hexadecimal digits, or many digits among letters.
    _row(tuple("0123456789abcdefABCDEF"), rf"\b(?:{_HEX}{{8,}}|(?=[a-fA-F]*\d){_HEX}{{7}})\b", "<n>"),
    _row(_DIGITS, r"\b(?=(?:[A-Za-z_]*\d){4})(?=\d*[A-Za-z_])\w{12,}\b", "<n>"),
    _row("<n>", r"(?<=-)<n>-[a-z0-9]{2,8}(?![\w-])", "<n>"),
    _row("<n>-", r"<n>(?:-<n>)+", "<n>"),
    # How many there are changes with them.
    _row("<n>,", r"<n>(?:, ?<n>)*+,?(?= ?[)\]])|<n>(?:, ?<n>)++", "<n>"),
)
