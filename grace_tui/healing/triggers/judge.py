"""When a rule fires: after enough breaches in a row, once, until it is clear again, and then not for a while.

Pure: the same readings at the same times always come to the same. One state for each subject of a rule.
"""

from dataclasses import dataclass, replace
from typing import Literal

from grace_tui.healing.triggers.measure import Reading
from grace_tui.healing.triggers.rule import Rule

Verdict = Literal["", "fires", "worsens", "clears"]


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What one rule last measured of one subject."""

    subject: str = ""
    value: float = 0.0
    detail: str = ""
    breaches: int = 0
    """Breaches in a row."""
    firing: bool = False
    worse: bool = False
    """Whether it was told at its higher severity."""
    fired: int = 0
    fired_at: float | None = None
    """Wall-clock time of its last firing."""
    incident_id: str = ""
    """The incident it opened last, while that is its to resolve."""
    quiet_until: float = 0.0
    """Monotonic time before which it does not fire again."""


def judge(rule: Rule, state: SubjectState, reading: Reading, now: float) -> tuple[SubjectState, Verdict]:
    """The subject's next state, and what has to be told."""
    measured = replace(state, subject=reading.subject, value=reading.value, detail=reading.detail)
    if reading.value >= rule.threshold:
        return _breach(rule, replace(measured, breaches=state.breaches + 1), now)
    if state.firing and reading.value > rule.clear:
        return replace(measured, breaches=0), ""
    if not state.firing:
        return replace(measured, breaches=0), ""
    return replace(measured, breaches=0, firing=False, worse=False, quiet_until=now + rule.cool_down), "clears"


def gone(rule: Rule, state: SubjectState, now: float) -> tuple[SubjectState, Verdict]:
    """What becomes of a subject that is not there any more: it is clear."""
    return judge(rule, state, Reading(min(rule.clear, 0.0), "not there any more", state.subject), now)


def _breach(rule: Rule, state: SubjectState, now: float) -> tuple[SubjectState, Verdict]:
    worse = rule.worse is not None and state.value >= rule.worse.at
    if state.firing:
        return (replace(state, worse=True), "worsens") if worse and not state.worse else (state, "")
    if state.breaches < rule.in_a_row or now < state.quiet_until:
        return state, ""
    return replace(state, firing=True, worse=worse, fired=state.fired + 1), "fires"
