"""How a rule's verdict becomes an incident: opened once for each subject, told again when it is worse, and resolved."""

from dataclasses import replace

from grace_tui.healing.triggers import MeasureSpec, Reading, Rule, RuleSet, SubjectState
from grace_tui.kernel import IncidentRecord, KernelContext
from grace_tui.kernel.spelling import in_units


class Teller:
    """Reports breaches of rules through the incidents of a kernel's context."""

    def __init__(self, context: KernelContext) -> None:
        self.context = context
        self.rules = RuleSet(())

    def is_open(self, incident_id: str) -> bool:
        incident = self.context.incidents.get(incident_id)
        return incident is not None and incident.state != "resolved"

    def fires(self, rule: Rule, spec: MeasureSpec, reading: Reading, state: SubjectState) -> SubjectState:
        """Tell of a breach; the incident that an earlier instance opened for it is taken over."""
        state = replace(state, fired_at=self.context.clock.time())
        found = text_of(rule, spec, reading)
        self.context.log.warning("rule fires", rule=rule.name, found=found)
        if not rule.incident:
            return state
        known = self._standing(rule, reading)
        return replace(state, incident_id=known.id if known else self._report(rule, spec, reading, found).id)

    def worsens(self, rule: Rule, spec: MeasureSpec, reading: Reading, state: SubjectState) -> None:
        """Tell the breach again at its higher severity, on the incident it has."""
        incident = self.context.incidents.get(state.incident_id)
        self.context.log.warning("breach is worse", rule=rule.name, found=text_of(rule, spec, reading))
        if incident is not None:
            self._report(rule, spec, reading, incident.message)

    def goes_on(self, rule: Rule, spec: MeasureSpec, reading: Reading, state: SubjectState) -> None:
        """Tell the breach again where it is held for mended: who watches over that has to know that it is not."""
        incident = self.context.incidents.get(state.incident_id)
        if incident is not None and incident.state == "watching":
            self._report(rule, spec, reading, incident.message)

    def clears(self, state: SubjectState, why: str) -> None:
        if state.incident_id and self.is_open(state.incident_id):
            self.context.incidents.move(state.incident_id, "resolved", why, by=self.context.name)

    def drill(self, rule: Rule, spec: MeasureSpec, reading: Reading) -> IncidentRecord:
        """Open a drill's incident: labelled, for nobody to act on, and beside the real ones."""
        facts = {**facts_of(rule, spec, reading), "drill": True}
        text = f"drill of {rule.name}: {text_of(rule, spec, reading)}"
        me = self.context.name
        return self.context.incidents.report(me, rule.kind, text, by=me, route="nobody", facts=facts)

    def end_drills(self) -> None:
        """Settle the incidents of drills that a kill broke off."""
        for incident in self.context.incidents.all():
            if incident.facts.get("drill") and incident.state != "resolved":
                self.context.incidents.move(incident.id, "resolved", "the drill was broken off", by=self.context.name)

    def _report(self, rule: Rule, spec: MeasureSpec, reading: Reading, text: str) -> IncidentRecord:
        return self.context.incidents.report(
            reading.kernel or rule.kernel,
            rule.kind,
            reading.message or text,
            by=self.context.name,
            route=self.rules.route_of(rule, reading.value),
            facts=facts_of(rule, spec, reading),
        )

    def _standing(self, rule: Rule, reading: Reading) -> IncidentRecord | None:
        """The open incident of this rule and subject, where there is one already."""
        for incident in self.context.incidents.all():
            facts = incident.facts
            mine = (facts.get("rule"), facts.get("subject")) == (rule.name, reading.subject)
            if mine and incident.state != "resolved" and not facts.get("drill"):
                return incident
        return None


def facts_of(rule: Rule, spec: MeasureSpec, reading: Reading) -> dict[str, object]:
    """What was measured, for the conditions of playbooks."""
    return {
        **reading.facts,
        "rule": rule.name,
        "value": reading.value,
        "threshold": rule.threshold,
        "unit": spec.unit,
        "severity": rule.severity_of(reading.value),
        "subject": reading.subject,
        "detail": reading.detail,
    }


def text_of(rule: Rule, spec: MeasureSpec, reading: Reading) -> str:
    """A breach in words."""
    unit = in_units(reading.value, spec.unit)
    text = f"{spec.says}: {reading.value:g} {unit}".rstrip() + f", limit {rule.threshold:g}"
    return f"{text} ({reading.detail})" if reading.detail else text
