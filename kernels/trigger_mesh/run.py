"""One rule at work: when it is due, what it measured, and the state of each of its subjects."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from grace_tui.healing.triggers import Reading, Rule, SubjectState, Verdict, gone, judge
from grace_tui.kernel import GraceError
from kernels.trigger_mesh.measure import Measure
from kernels.trigger_mesh.telling import Teller
from kernels.trigger_mesh.views import RuleDetail, RuleView, SubjectView

RECENT = 120
SAVED = ("firing", "worse", "fired", "fired_at", "incident_id")
SUBJECTS = 500
"""Most subjects of one rule that are remembered; the worst stay."""


class RuleRun:
    def __init__(self, rule: Rule, measure: Measure, teller: Teller) -> None:
        self.rule, self.measure, self.teller = rule, measure, teller
        self.states: dict[str, SubjectState] = {}
        self.recent: deque[tuple[float, float]] = deque(maxlen=RECENT)
        self.worst: Reading | None = None
        self.due = 0.0
        self.checked_at: float | None = None
        self.took = 0.0
        self.problem = ""
        self.broken_off = False
        """Whether it fired when the last instance ended: what it opened may be settled without it."""

    @property
    def firing(self) -> tuple[str, ...]:
        return tuple(state.subject for state in self.states.values() if state.firing)

    async def check(self, settled: bool) -> None:
        """Measure, judge every subject, and tell what came of it. Until it is `settled` nothing new fires."""
        began, clock = time.perf_counter(), self.measure.inputs.clock
        try:
            readings = await self.measure.read()
        except (GraceError, OSError, ImportError) as problem:
            self.problem = f"not measured: {problem}"
            self.measure.inputs.context.log.warning("rule not measured", rule=self.rule.name, problem=str(problem))
            return
        finally:
            self.took, self.checked_at = time.perf_counter() - began, clock.time()
        self.problem = ""
        if readings:
            self.worst = max(readings, key=lambda reading: reading.value)
            self.recent.append((round(clock.time(), 1), self.worst.value))
        self._judge_all(readings, clock.monotonic(), settled)

    def end(self, why: str) -> None:
        """The rule is not in force any more: what it opened is settled."""
        for state in self.states.values():
            self.teller.clears(state, why)

    # ---- judging

    def _judge_all(self, readings: Sequence[Reading], now: float, settled: bool) -> None:
        there = {reading.subject for reading in readings}
        for reading in readings:
            self._judge(reading, now, settled)
        for subject in [subject for subject in self.states if subject not in there]:
            state, verdict = gone(self.rule, self.states[subject], now)
            self._act(verdict, Reading(0.0, "not there any more", subject), state)
            if not state.firing and state.quiet_until <= now:
                del self.states[subject]
        self._bound()

    def _judge(self, reading: Reading, now: float, settled: bool) -> None:
        before = self._as_it_stands(self.states.get(reading.subject, SubjectState(reading.subject)), now)
        if not settled and not before.firing:
            before = replace(before, breaches=-1)
        state, verdict = judge(self.rule, before, reading, now)
        self._act(verdict, reading, state)

    def _as_it_stands(self, state: SubjectState, now: float) -> SubjectState:
        """A state whose incident somebody settled fires no more: it keeps quiet, and is then judged anew."""
        if not state.firing or not self.rule.incident or self.teller.is_open(state.incident_id):
            return state
        quiet = 0.0 if self.broken_off else now + self.rule.cool_down
        return replace(state, firing=False, worse=False, breaches=0, incident_id="", quiet_until=quiet)

    def _act(self, verdict: Verdict, reading: Reading, state: SubjectState) -> None:
        spec = self.measure.spec
        if verdict == "fires":
            state = self.teller.fires(self.rule, spec, reading, state)
        elif verdict == "worsens":
            self.teller.worsens(self.rule, spec, reading, state)
        elif state.firing and reading.value >= self.rule.threshold:
            self.teller.goes_on(self.rule, spec, reading, state)
        elif verdict == "clears":
            why = reading.detail if state.detail == "not there any more" else f"measured {reading.value:g} again"
            self.teller.clears(state, why)
            state = replace(state, incident_id="")
        self.states[reading.subject] = state

    def _bound(self) -> None:
        if len(self.states) > SUBJECTS:
            kept = sorted(self.states.values(), key=lambda state: (state.firing, state.value))[-SUBJECTS:]
            self.states = {state.subject: state for state in kept}

    # ---- kept over restarts

    def save_state(self) -> Mapping[str, object]:
        fired = [state for state in self.states.values() if state.fired]
        return {
            "subjects": {state.subject: {name: getattr(state, name) for name in SAVED} for state in fired},
            "recent": [list(point) for point in self.recent],
            "measure": self.measure.save_state(),
        }

    def load_state(self, saved: Mapping[str, Any]) -> None:
        for subject, values in saved.get("subjects", {}).items():
            kept = {name: value for name, value in values.items() if name in SAVED}
            self.states[subject] = replace(SubjectState(subject), **kept)
        self.recent.extend((at, value) for at, value in saved.get("recent", ()))
        self.measure.load_state(saved.get("measure", {}))
        self.broken_off = bool(self.firing)

    # ---- told

    def view(self, now: float) -> RuleView:
        rule, states = self.rule, self.states.values()
        worst = self.worst or Reading(0.0)
        fired_at = [state.fired_at for state in states if state.fired_at is not None]
        return RuleView(
            name=rule.name,
            says=rule.says or self.measure.spec.says,
            measure=rule.measure,
            kind=rule.kind,
            unit=self.measure.spec.unit,
            threshold=rule.threshold,
            clear=rule.clear,
            severity=rule.severity_of(worst.value),
            route=self.teller.rules.route_of(rule, worst.value),
            incident=rule.incident,
            every=rule.every,
            on=rule.on,
            file=self.teller.rules.files.get(rule.name, ""),
            value=None if self.worst is None or self.problem else worst.value,
            detail=self.problem or worst.detail,
            subject=worst.subject,
            firing=self.firing,
            incidents=tuple(state.incident_id for state in states if state.firing and state.incident_id),
            fired=sum(state.fired for state in states),
            last_fired=max(fired_at, default=None),
            cool_down_left=round(max((state.quiet_until - now for state in states), default=0.0), 1)
            if any(state.quiet_until > now for state in states)
            else 0.0,
            next_check=round(max(self.due - now, 0.0), 1),
            checked_at=self.checked_at,
            took_ms=round(self.took * 1000, 2),
            problem=self.problem,
        )

    def detail(self, now: float) -> RuleDetail:
        states = sorted(self.states.values(), key=lambda state: (not state.firing, -state.value))
        return RuleDetail(
            self.view(now),
            tuple((name, f"{value}") for name, value in self.rule.parameters.items()),
            tuple(SubjectView(one.subject, one.value, one.detail, one.firing, one.incident_id) for one in states),
            tuple(self.recent),
        )
