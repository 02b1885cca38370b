"""Which regular expressions may take for ever: those that repeat a repeat, as `(a+)*` does. Pure.

For patterns that people write into files and that are asked on the supervisor's loop: Python's matcher cannot be
interrupted. Told from the text, as what `re` makes of it is nobody's business but its own.
"""

import re

_TOKENS = r"\\.|\(\?\#[^)]*\)|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,\}|."
_TOKEN = re.compile(_TOKENS, re.DOTALL)
_LOOSE_TOKEN = re.compile(rf"\#[^\n]*|{_TOKENS}", re.DOTALL)
"""In a pattern with VERBOSE, where spaces and the rest of a line after `#` mean nothing."""

_LOOSE_GROUP = re.compile(r"\(\?[a-zA-Z]*x")
"""One that has VERBOSE for itself; then all of the pattern is read so, which may find more than there is."""


def repeats_a_repeat(pattern: re.Pattern[str]) -> bool:
    """Whether a group that repeats something without end is itself repeated without end."""
    loose = bool(pattern.flags & re.VERBOSE or _LOOSE_GROUP.search(pattern.pattern))
    repeats = [False]
    """For each open group whether something in it is repeated, the whole pattern first."""
    closed = False
    """Whether the last thing was a group with a repeat in it."""
    for token in (_LOOSE_TOKEN if loose else _TOKEN).findall(pattern.pattern):
        if token.startswith("(?#") or (loose and (token.isspace() or token.startswith("#"))):
            continue
        if token == "(":
            repeats.append(False)
        elif token == ")" and len(repeats) > 1:
            closed = repeats.pop()
            repeats[-1] |= closed
            continue
        elif token in "*+" or token.endswith(",}"):
            if closed:
                return True
            repeats[-1] = True
        closed = False
    return False
