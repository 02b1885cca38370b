"""A user's own rules of grouping: which failures they fit, and what they make of them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature.places import Place

SplitBy = Literal["message", "kernel", "phase", "cause"]
SPLITS: tuple[SplitBy, ...] = ("message", "kernel", "phase", "cause")
SEARCHED = 1_000
"""Characters of a message that a rule's pattern is tried on."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits where everything that it names fits; the first rule of a file that fits decides."""

    name: str
    kind: tuple[str, ...] = ()
    """Names of exception types; `*` stands for anything, here and below."""
    message: re.Pattern[str] | None = None
    """Searched in the message as it was said."""
    function: tuple[str, ...] = ()
    """Qualified names of which one is in the traceback."""
    file: tuple[str, ...] = ()
    """Files of the workspace of which one is in the traceback; with `function`, the one that defines it."""
    kernel: tuple[str, ...] = ()
    group: str = ""
    """Everything the rule fits is this one group."""
    split_by: tuple[SplitBy, ...] = ()
    """What failures must have in common besides their signature to be one group."""


def rule_for(failure: Failure, places: Sequence[Place], rules: Sequence[Rule]) -> Rule | None:
    return next((rule for rule in rules if _fits(rule, failure, places)), None)


def split_values(rule: Rule, failure: Failure) -> tuple[str, ...]:
    """What a failure has of each that a rule splits by."""
    said = {
        "message": failure.message.partition("\n")[0],
        "kernel": failure.kernel,
        "phase": failure.phase,
        "cause": " <- ".join(f"{kind}: {message.partition(chr(10))[0]}" for kind, message in failure.chain),
    }
    return tuple(f"{name} {said[name]}" for name in rule.split_by)


def _fits(rule: Rule, failure: Failure, places: Sequence[Place]) -> bool:
    return (
        _any(rule.kind, failure.kind)
        and _any(rule.kernel, failure.kernel)
        and (not (rule.function or rule.file) or any(_in(rule, place) for place in places))
        and (rule.message is None or rule.message.search(failure.message[:SEARCHED]) is not None)
    )


def _in(rule: Rule, place: Place) -> bool:
    return _any(rule.function, place.function) and _any(rule.file, place.file)


def _any(globs: Sequence[str], name: str) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)
