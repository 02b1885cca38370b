"""What makes two failures the same: a strict signature to replay a fix by, a coarse one for budgets and grouping.

Pure. The same failure has the same signatures in every run, checkout, machine, Python version and host: no lines, no
ids, no times, no paths outside the project. `parts` and `left_out` are what a person is shown who asks why.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature.kinds import kind_of
from grace_tui.healing.incidents.signature.places import Place, places_of
from grace_tui.healing.incidents.signature.rules import Rule, rule_for, split_values
from grace_tui.healing.incidents.signature.wording import pattern, replaced, without_values

VERSION = "2"
"""Grows when the same failure may get another signature than before; fixes that were learned earlier are renewed."""

_SEED = "1"
"""Part of every digest. It stays, so that a failure whose parts are what they always were keeps its signature."""

NEVER_COUNT = "lines, source text, times and the phase never count"
_MECHANISM = frozenset({"CancelledError"})
"""Links of a chain that tell how a failure was carried, such as a timeout's own cancellation."""
CAUSE_LIMIT = 300
"""Characters of a cause's first line that are read."""
_REPLICA = re.compile(r"(?<=\w)-\d+$")


@dataclass(frozen=True, slots=True)
class Signature:
    strict: str
    """Fit for a file name: `typeerror-coding_agent-3f2a9c01b7de`. A proven fix is replayed by it."""
    coarse: str
    """Budgets are counted by it: whatever the text says and whichever way led there."""
    group: str
    """What one incident counts: the strict signature, unless a rule says otherwise."""
    parts: tuple[str, ...]
    """What the strict one is made of, in its normal form."""
    left_out: tuple[str, ...] = field(compare=False)
    """What was said or seen and does not count, and why."""


def sign(failure: Failure, rules: Sequence[Rule] = ()) -> Signature:
    kind = kind_of(failure.kind, failure.message)
    message = pattern(kind, failure.message)
    places, frames_left_out = places_of(failure.frames, exhausted=kind == "RecursionError")
    causes, causes_left_out = _causes(failure)
    kernel = _REPLICA.sub("", failure.kernel)
    # Without a frame of the project only the kernel's name tells one failure from another's.
    where = tuple(f"at {place.file} {place.function}" for place in places) or (f"kernel {kernel}",)
    parts = (f"type {kind}", f"message {message}", *causes, *where)
    strict = f"{_plain(kind)}-{_plain(places[-1].stem if places else kernel)}-{_digest(parts)}"
    coarse = f"{_plain(kind)}-{_digest(_coarse(kind, message, places, where))}"
    left_out = (*frames_left_out, *causes_left_out, *replaced(failure.message, message), NEVER_COUNT)
    return _ruled(Signature(strict, coarse, strict, parts, left_out), failure, places, rules)


def _coarse(kind: str, message: str, places: Sequence[Place], where: Sequence[str]) -> tuple[str, ...]:
    """Type and innermost function of the project. Only a failure without one is told apart by what it says."""
    said = () if places else (f"message {without_values(message)}",)
    return (f"type {kind}", *said, where[-1])


def _causes(failure: Failure) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One part for each different link of the chain; the values that they quote do not count."""
    kinds = [(kind_of(kind, message), message) for kind, message in failure.chain]
    kept = [(kind, message.partition("\n")[0]) for kind, message in kinds if kind not in _MECHANISM]
    told = dict.fromkeys(kept)
    causes = dict.fromkeys(f"cause {kind}: {without_values(pattern(kind, said, CAUSE_LIMIT))}" for kind, said in told)
    left_out = []
    if len(kept) < len(kinds):
        left_out.append("cancellation in the chain: how a timeout is carried")
    if len(causes) < len(kept):
        left_out.append(f"{_times(len(kept) - len(causes), 'repeated cause')}")
    return tuple(causes), tuple(left_out)


def _ruled(signature: Signature, failure: Failure, places: Sequence[Place], rules: Sequence[Rule]) -> Signature:
    """A rule decides what one incident counts and what a budget counts; a fix is replayed by the failure's own."""
    rule = rule_for(failure, places, rules)
    if rule is None:
        return signature
    if rule.group:
        group = coarse = f"group-{rule.group}"
        told: tuple[str, ...] = (f"rule {rule.name}: everything it fits is group {rule.group}",)
    else:
        values = split_values(rule, failure)
        digest = _digest(values)[:6]
        group, coarse = f"{signature.strict}-{digest}", f"{signature.coarse}-{digest}"
        told = (f"rule {rule.name}: split by {', '.join(rule.split_by)}", *values)
    return Signature(signature.strict, coarse, group, (*signature.parts, *told), signature.left_out)


def _times(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9_.]+", "_", text.lower())[:40].strip("_.") or "unknown"


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join((_SEED, *parts)).encode("utf-8", "backslashreplace")).hexdigest()[:12]
