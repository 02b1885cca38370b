"""Makes a rule fire on purpose: with its own measure and judgement, on harmless input, and undone in any case."""

import time

import msgspec

from grace_tui.healing.triggers import Reading, Rule, SubjectState, Verdict, judge
from grace_tui.kernel import GraceError
from kernels.trigger_mesh.measure import Measure
from kernels.trigger_mesh.run import RuleRun
from kernels.trigger_mesh.telling import Teller, text_of
from kernels.trigger_mesh.views import DrillReport


async def drill(run: RuleRun, teller: Teller) -> DrillReport:
    """Let one rule fire; its incident says that it is a drill, routes to nobody, and is resolved at the end.

    Raises:
        GraceError: the rule fires for real, so there is nothing to rehearse.
    """
    if run.firing:
        raise GraceError(f"{run.rule.name} fires for real: {', '.join(filter(None, run.firing)) or 'the room'}")
    began, incident_id = time.perf_counter(), ""
    rule = msgspec.structs.replace(run.rule, settle=0.0)
    try:
        async with run.measure.drill(rule) as measure:
            how = "scratch" if measure is not None else "threshold"
            if measure is None:
                rule, verdict, reading = _lowered(rule, run.worst)
            else:
                verdict, reading = await _judged(rule, measure)
            if verdict == "fires":
                incident_id = teller.drill(rule, run.measure.spec, reading).id
    finally:
        if incident_id and teller.is_open(incident_id):
            teller.context.incidents.move(incident_id, "resolved", "the drill is over", by=teller.context.name)
    fired = bool(incident_id)
    text = text_of(rule, run.measure.spec, reading)
    seconds = time.perf_counter() - began
    resolved = fired and not teller.is_open(incident_id)
    return DrillReport(rule.name, fired, resolved, how, reading.value, rule.threshold, incident_id, text, seconds)


async def _judged(rule: Rule, measure: Measure) -> tuple[Verdict, Reading]:
    """What the rule says of the worst reading, measured as often in a row as it asks."""
    state, verdict, worst = SubjectState(), "", Reading(0.0)
    for _ in range(rule.in_a_row):
        readings = await measure.read()
        worst = max(readings, key=lambda reading: reading.value, default=Reading(0.0))
        state, verdict = judge(rule, state, worst, 1.0)
    return verdict, worst  # type: ignore[return-value]  # mypy widens the literal in the loop


def _lowered(rule: Rule, last: Reading | None) -> tuple[Rule, Verdict, Reading]:
    """The rule with its threshold at what was measured last, for one check."""
    if last is None:
        raise GraceError(f"{rule.name} has not been measured yet")
    rule = msgspec.structs.replace(
        rule, threshold=min(last.value, rule.threshold), clear=min(last.value, rule.clear), in_a_row=1
    )
    return rule, judge(rule, SubjectState(), last, 1.0)[1], last
