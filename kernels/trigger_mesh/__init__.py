"""Trigger mesh: rules that measure the room every half minute and turn a breach into an incident.

Owns the table of rules (in `rules.py`) and when each fires: after enough breaches in a row, once, and again only
when it has been clear for a while. It never restarts or repairs anything itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import anyio

from grace_tui.kernel import FilesChanged, GraceError, Kernel, KernelContext, KernelSpec, MonitorReported, NotReady
from kernels.trigger_mesh.measures import Measures, Reading
from kernels.trigger_mesh.rules import RULES, Rule

PERIOD = 30.0
LOOK = 5.0
SAVED = ("firing", "fired", "incident_id")


@dataclass(frozen=True, slots=True)
class RuleState:
    """What one rule last measured, and whether it fires."""

    name: str
    asks: str
    threshold: float
    unit: str
    value: float | None = None
    detail: str = ""
    breaches: int = 0
    """Breaches in a row."""
    firing: bool = False
    fired: int = 0
    incident_id: str = ""
    """The incident it opened last, while that is its to resolve."""
    quiet_until: float = 0.0
    """Monotonic time before which it does not fire again."""
    next_check: float = 0.0
    """Seconds until it is measured again."""


class TriggerMesh(Kernel):
    """Measures rules and reports breaches."""

    spec = KernelSpec(requires=("message_bus",), priority=21, tier=0)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.measures = Measures(context)
        self.rules_in_use = RULES
        self.states: dict[str, RuleState] = {}
        self.due = context.clock.monotonic()

    async def start(self) -> None:
        self.rules_in_use = with_thresholds(RULES, self.settings.get("thresholds", {}))
        saved = dict(self.saved_state.get("rules", {}))
        for rule in self.rules_in_use:
            state = RuleState(rule.name, rule.asks, rule.threshold, rule.unit)
            kept = {name: value for name, value in saved.get(rule.name, {}).items() if name in SAVED}
            self.states[rule.name] = replace(state, **kept)
        self.feed = self.subscribe(FilesChanged)
        await self.measures.start(self.saved_state.get("baseline", {}))

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch_files)
            async for now in self.every(LOOK):
                if now >= self.due:
                    await self.check_now()
                else:
                    self._report()

    async def probe(self) -> None:
        """Measure every rule as it is now, and see a made-up breach fire once."""
        for rule in self.rules_in_use:
            await rule.measure(self.measures)
        rule, breach = RULES[0], Reading(RULES[0].threshold + 1)
        state, fires = judge(rule, RuleState("probe", "", 0, "", breaches=rule.in_a_row), breach, 1.0)
        if not fires or judge(rule, state, breach, 2.0)[1]:
            raise NotReady("trigger_mesh does not fire exactly once for a breach")

    def save_state(self) -> Mapping[str, object]:
        rules = {rule: {name: getattr(state, name) for name in SAVED} for rule, state in self.states.items()}
        return {"rules": rules, "baseline": self.measures.baseline()}

    def summary(self) -> str:
        firing = sum(state.firing for state in self.states.values())
        return f"{len(self.states)} rules, {firing} firing" if firing else f"{len(self.states)} rules"

    # ---- service

    async def rules(self) -> tuple[RuleState, ...]:
        """Every rule: last value, threshold, seconds until the next check, whether it fires."""
        left = max(self.due - self.context.clock.monotonic(), 0.0)
        return tuple(replace(state, next_check=left) for state in self.states.values())

    async def check_now(self) -> tuple[RuleState, ...]:
        """Measure every rule now and act on what it says."""
        for rule in self.rules_in_use:
            await self._check(rule)
        self.measures.turn()
        self.due = self.context.clock.monotonic() + PERIOD
        self.count(len(self.rules_in_use))
        self._report()
        return await self.rules()

    # ---- checking

    async def _watch_files(self) -> None:
        async for change in self.feed:
            await self.measures.files_changed(change.paths)

    async def _check(self, rule: Rule) -> None:
        try:
            reading = await rule.measure(self.measures)
        except (GraceError, OSError) as problem:
            self.log.warning("rule not measured", rule=rule.name, problem=str(problem))
            self.states[rule.name] = replace(self.states[rule.name], value=None, detail=f"not measured: {problem}")
            return
        before = self.states[rule.name]
        state, fires = judge(rule, before, reading, self.context.clock.monotonic())
        if fires:
            state = replace(state, incident_id=self._fire(rule, reading))
        elif before.firing and not state.firing:
            self._clear(before.incident_id, reading)
            state = replace(state, incident_id="")
        self.states[rule.name] = state

    def _fire(self, rule: Rule, reading: Reading) -> str:
        """Tell of a breach; returns the incident it opened, if it is one."""
        text = f"{rule.asks}: {reading.value:g} {rule.unit}, limit {rule.threshold:g}"
        text = f"{text} ({reading.detail})" if reading.detail else text
        self.log.warning("rule fires", rule=rule.name, found=text)
        if not rule.opens_incident:
            return ""
        return self.context.incidents.report(
            reading.kernel or rule.kernel, rule.kind, reading.says or text, by=self.name
        ).id

    def _clear(self, incident_id: str, reading: Reading) -> None:
        if incident_id and self.context.incidents.get(incident_id) is not None:
            self.context.incidents.move(incident_id, "resolved", f"measured {reading.value:g} again", by=self.name)

    def _report(self) -> None:
        firing = [rule.name for rule in self.rules_in_use if rule.opens_incident and self.states[rule.name].firing]
        left = max(self.due - self.context.clock.monotonic(), 0.0)
        text = f"firing: {', '.join(firing)}" if firing else f"{len(self.states)} rules"
        self.publish(MonitorReported("triggers", "alert" if firing else "ok", text, len(self.states), left))


def with_thresholds(rules: tuple[Rule, ...], wanted: object) -> tuple[Rule, ...]:
    """The rules with the thresholds of `[kernels.trigger_mesh.thresholds]`.

    Raises:
        GraceError: a name is no rule, or a value no number.
    """
    if not isinstance(wanted, Mapping):
        raise GraceError(f"kernels.trigger_mesh.thresholds is {wanted!r}; expected a table of rule = number")
    names = {rule.name for rule in rules}
    for name, value in wanted.items():
        if name not in names:
            raise GraceError(
                f"kernels.trigger_mesh.thresholds.{name}: no such rule; there are {', '.join(sorted(names))}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise GraceError(f"kernels.trigger_mesh.thresholds.{name} is {value!r}; expected a number")
    limits = {rule.name: float(wanted.get(rule.name, rule.threshold)) for rule in rules}
    return tuple(replace(rule, threshold=limits[rule.name], clear=min(rule.clear, limits[rule.name])) for rule in rules)


def judge(rule: Rule, state: RuleState, reading: Reading, now: float) -> tuple[RuleState, bool]:
    """The rule's next state, and whether it fires now.

    It fires at the last of `in_a_row` breaches, stays firing until the value is back at `clear`, and then keeps quiet
    for `cool_down` seconds.
    """
    measured = replace(state, value=reading.value, detail=reading.detail)
    if reading.value >= rule.threshold:
        measured = replace(measured, breaches=state.breaches + 1)
        if not state.firing and measured.breaches >= rule.in_a_row and now >= state.quiet_until:
            return replace(measured, firing=True, fired=state.fired + 1), True
        return measured, False
    if state.firing and reading.value > rule.clear:
        return measured, False
    quiet_until = now + rule.cool_down if state.firing else state.quiet_until
    return replace(measured, breaches=0, firing=False, quiet_until=quiet_until), False
