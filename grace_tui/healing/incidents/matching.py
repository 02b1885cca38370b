"""Which incidents a matcher fits: shell patterns over the fields of a record. Pure."""

import re
from collections.abc import Mapping
from fnmatch import translate
from functools import lru_cache

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.spelling import nearest

FIELDS = ("kernel", "kind", "title", "signature", "phase")
PATTERN_LIMIT = 200


class WrongMatcher(GraceError):
    """A matcher cannot be used."""


def checked(matcher: Mapping[str, object]) -> dict[str, str]:
    """The matcher, in the order of `FIELDS`, once it is known to be one.

    Raises:
        WrongMatcher: it names no field or an unknown one, or a pattern is no text of a usable length.
    """
    if not matcher:
        raise WrongMatcher(f"the matcher fits nothing: give it one of {', '.join(FIELDS)}")
    for name, pattern in matcher.items():
        if name not in FIELDS:
            raise WrongMatcher(f"{name} is not a field of a matcher; {nearest(name, FIELDS)}")
        if not isinstance(pattern, str) or not 0 < len(pattern) <= PATTERN_LIMIT:
            right = f"a text of 1 to {PATTERN_LIMIT} characters, in which * stands for anything and ? for one character"
            raise WrongMatcher(f"{name} is {str(pattern)[:60]!r}; expected {right}")
    return {name: str(matcher[name]) for name in FIELDS if name in matcher}


def fits(matcher: Mapping[str, str], record: IncidentRecord) -> bool:
    """Whether every pattern of a checked matcher fits; a signature may be the strict or the coarse one."""
    return all(
        any(_compiled(pattern).match(value) for value in _values(record, name)) for name, pattern in matcher.items()
    )


def in_words(matcher: Mapping[str, str]) -> str:
    """Such as `kernel web-*, kind Timeout`."""
    return ", ".join(f"{name} {pattern}" for name, pattern in matcher.items())


def _values(record: IncidentRecord, name: str) -> tuple[str, ...]:
    if name == "signature":
        return record.signature, record.coarse
    return (getattr(record, name),)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    # What `fnmatch` makes never goes back over what a star has taken: no text makes it slow. Only `*` and `?` mean
    # something here: titles are full of brackets.
    return re.compile(translate(pattern.replace("[", "[[]")))
