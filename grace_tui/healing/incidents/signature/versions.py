"""Messages of different Python versions that say the same: brought to one form, tried in this order.

Each row has a hint (a text without which the row cannot match), a pattern and what takes its place. Every repeat is
bounded or cannot be entered twice, so that no message costs more than its length.
"""

import re
from collections.abc import Callable

Replacement = str | Callable[[re.Match[str]], str]
Row = tuple[str, re.Pattern[str], Replacement]


def table(*rows: tuple[str, str, Replacement]) -> tuple[Row, ...]:
    return tuple((hint, re.compile(found, re.MULTILINE), replacement) for hint, found, replacement in rows)


def _without_quotes(found: re.Match[str]) -> str:
    return f"abstract {found[1]}: {found[2].replace(chr(39), '')}"


_SUGGESTIONS = table(
    # Written by the printer of a traceback in one version, part of the message in the next.
    (" you ", r"[.;,]? (?:Or d|D)id you (?:mean|forget)[^\n]{0,200}\?$", ""),
    (" you ", r"[.;,]? (?:Maybe|Perhaps) you (?:meant|forgot)[^\n]{0,200}\?$", ""),
    (" (consider renaming", r" \(consider renaming [^\n]{0,400}\)", ""),
)
_TYPES = table(
    (
        "abstract class",
        r"abstract class '?(\w+)'? with(?:out an implementation for)? abstract methods? (.+)",
        _without_quotes,
    ),
    ("argument", r"\b(positional|keyword-only) arguments?\b", r"\1 argument"),
    (" given", r"\b(?:was|were) given\b", "given"),
    (" and no __dict__", r" and no __dict__ for setting new attributes", ""),
    ("type object ", r"^type object '[\w.]+' has no attribute", "type object has no attribute"),
    ("'await' expression", r"^object ([\w.]+) can't be used in 'await' expression", r"'\1' object can't be awaited"),
    ("(unhashable type: ", r"^cannot use '[\w.]+' as a [a-z ]{1,20} \((unhashable type: '[\w.]+')\)", r"\1"),
    (
        "context manager",
        r"^'(?:\w+\.)*(\w+)' object does not support the (a?synchronous )?",
        r"'\1' object does not support the \2",
    ),
    ("context manager", r" \(missed __\w+__ method\)", ""),
    ("context manager", r" but it supports the (?:a?synchronous )?context manager protocol", ""),
    (
        "local object",
        r"Can't (?:get|pickle) local object (?:<[a-z]+ )?'?([\w.<>]+)'?(?: at 0x[0-9a-f]+>)?",
        r"Can't pickle local object '\1'",
    ),
    ("attribute lookup ", r": attribute lookup (\S+) on (\S+) failed", r": it's not found as \2.\1"),
)
_DOMAIN = (
    r"a (?:nonnegative|positive|finite) input|argument value > -?\d+|a noninteger or positive integer"
    r"|a number (?:in range from|between) -\d+ (?:up to|and) \d+"
)
_VALUES = table(
    ("unpack", r" \(expected \d+(?:, got \d+)?\)", ""),
    ("is an empty sequence", r"\b(max|min)\(\) arg is an empty sequence", r"\1() iterable argument is empty"),
    ("randrange", r"empty range (?:for|in) randrange(?:\(\) )?\([^()\n]*\)", "empty range in randrange()"),
    ("is not in list", r"^[^\n]{1,200} is not in list$", "list.index(x): x not in list"),
    (
        "expected a",
        rf"^expected (?:{_DOMAIN})(?:, got \S+)?$",
        "math domain error",
    ),
    ("must be in ", r"\bmust be in (\d+\.\.\d+), not -?\d+", r"must be in \1"),
    (
        "must be in range",
        r"\bday -?\d+ must be in range \d+\.\.\d+ for month \d+ in year \d+",
        "day is out of range for month",
    ),
    ("format requires", r"(?:'\w'|\w+) format requires", "format requires"),
    (" OR one path", r" OR one path is relative and the other is absolute\.", ""),
    (
        "unconverted data",
        r"unconverted data remains(?: when parsing with format)?[^\n]{0,400}",
        "unconverted data remains",
    ),
)
_JSON = table(
    (
        "trailing comma",
        r"Illegal trailing comma before end of object",
        "Expecting property name enclosed in double quotes",
    ),
    ("trailing comma", r"Illegal trailing comma before end of array", "Expecting value"),
    ("JSON compliant", r"JSON compliant: -?(?:nan|inf)\b", "JSON compliant"),
)
_PLACES = table(
    (")", r" \((?:[^()\n]{0,400}[\\/][^()\n]{0,400}|unknown location)\)$", ""),
    (", line ", r" \([^()\n]{0,300}, line \d+\)$", ""),
)
ATTRIBUTE_ALONE = "type object has no attribute '{}'"
"""What an AttributeError that says a name only is about: 3.11 says no more of a member that an enum lacks."""
BY_VERSION = (*_PLACES, *_SUGGESTIONS, *_TYPES, *_VALUES, *_JSON)
