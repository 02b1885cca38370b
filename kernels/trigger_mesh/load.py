"""How the room keeps up: mailboxes that grow, calls that take long, the loop's lag, and what the bus refuses."""

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from typing import Any

from grace_tui.healing.triggers import MeasureSpec, Parameter, Reading, Rule
from kernels.trigger_mesh.measure import Inputs, Measure

DRILL_TOPIC = "trigger_mesh.drill"
RUNNING = "running"


class QueueGrowth(Measure):
    spec = MeasureSpec(
        "queue_growth",
        "samples in a row in which a mailbox was fuller than before",
        "samples",
        {"least": Parameter(20.0, "Messages below which a mailbox is not looked at.", 0, 100_000)},
    )

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.depths: dict[str, deque[int]] = {}

    def look(self, now: float) -> None:
        found = self.inputs.context.bus.statistics().depths
        self.depths = {name: self.depths.get(name, deque(maxlen=20)) for name in found}
        for name, depth in found.items():
            samples = self.depths[name]
            if samples and depth <= samples[-1]:
                samples.clear()
            samples.append(depth)

    async def read(self) -> Sequence[Reading]:
        states = {record.name: record.state for record in self.inputs.records()}
        found = []
        for name, samples in self.depths.items():
            if states.get(name, RUNNING) != RUNNING:  # nobody reads it, and why is told of the kernel
                continue
            rising = len(samples) - 1 if samples[-1] >= self.number("least") else 0
            grew = f"{name}: {samples[0]} to {samples[-1]} messages"
            facts = {"depth": samples[-1]}
            found.append(Reading(float(rising), grew, name, name if name in states else "", facts=facts))
        return found or [Reading(0.0)]

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        yield FilledBox(self.inputs, self.rule, {**self.parameters, "least": 1.0})


class FilledBox(QueueGrowth):
    """A mailbox of the drill's own that nobody reads."""

    async def read(self) -> Sequence[Reading]:
        bus, me = self.inputs.context.bus, self.inputs.context.name
        box = bus.subscribe(me, DRILL_TOPIC, capacity=10_000)
        try:
            for _ in range(8):
                for _ in range(40):
                    bus.publish(DRILL_TOPIC, "drill", source=me)
                self.look(0.0)
            return [found for found in await super().read() if found.subject == me]
        finally:
            box.close()


class BusBacklog(Measure):
    spec = MeasureSpec("bus_backlog", "messages waiting in one mailbox", "messages")

    async def read(self) -> Sequence[Reading]:
        depths = self.inputs.context.bus.statistics().depths
        kernels = {record.name for record in self.inputs.records()}
        found = [
            Reading(float(depth), name, name, name if name in kernels else "", facts={"depth": depth})
            for name, depth in depths.items()
        ]
        return found or [Reading(0.0)]

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        bus, me = self.inputs.context.bus, self.inputs.context.name
        box = bus.subscribe(me, DRILL_TOPIC, capacity=int(rule.threshold) + 1)
        try:
            for _ in range(int(rule.threshold) + 1):
                bus.publish(DRILL_TOPIC, "drill", source=me)
            yield self
        finally:
            box.close()


class BusDenials(Measure):
    spec = MeasureSpec("bus_denials", "denials of one topic to one kernel since the last check", "denials")

    async def start(self) -> None:
        self.before = self.inputs.context.bus.statistics().refusals

    async def read(self) -> Sequence[Reading]:
        before, self.before = self.before, self.inputs.context.bus.statistics().refusals
        kernels = {record.name for record in self.inputs.records()}
        found = []
        for about, denied in self.before.items():
            who, _, topic = about.partition(" ")
            facts = {"topic": topic, "source": who}
            since = float(max(denied - before.get(about, 0), 0))
            found.append(Reading(since, f"{who}: {topic}", about, who if who in kernels else "", facts=facts))
        return found or [Reading(0.0, "none ever")]


class CallLatency(Measure):
    spec = MeasureSpec(
        "call_latency",
        "median time of calls to one method, and of requests on one topic",
        "ms",
        {
            "least_calls": Parameter(10.0, "Calls of the last minute that it takes to judge.", 1, 1_000),
            "leave_out": Parameter((), "Methods that take long by nature, such as `sandbox.*`."),
        },
    )

    async def read(self) -> Sequence[Reading]:
        found = []
        for call in self.inputs.context.room.latencies():
            left_out = any(fnmatchcase(call.name, pattern) for pattern in self.parameters["leave_out"])
            if left_out or call.calls < self.number("least_calls"):
                continue
            detail = f"{call.name}: {call.calls} calls, 95 % within {call.p95 * 1000:.0f} ms"
            facts = {"calls": call.calls, "p95": call.p95 * 1000, "worst": call.worst * 1000, "call": call.name}
            found.append(Reading(round(call.median * 1000, 2), detail, call.name, call.provider, facts=facts))
        return found or [Reading(0.0, "too few calls to judge")]


class LoopLag(Measure):
    spec = MeasureSpec("loop_lag", "lag of the supervisor's loop, 99 % of the last second", "ms")

    async def read(self) -> Sequence[Reading]:
        status = self.inputs.context.room.status()
        lag = float(status.get("loop_lag_p99_ms", 0.0))
        return [Reading(lag, f"worst {float(status.get('loop_lag_ms', 0.0)):g} ms")]
