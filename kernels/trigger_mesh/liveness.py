"""Signs of life that stay away: beats, and the log lines and work that a kernel normally shows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from grace_tui.healing.triggers import MeasureSpec, Parameter, Reading, Rule
from grace_tui.healing.triggers.rhythm import LEARNT, Rhythm
from grace_tui.kernel import KernelRecord
from kernels.trigger_mesh.measure import Inputs, Measure

DRILL_TIMEOUT, DRILL_PAUSE = 0.02, 0.002


class HeartbeatGap(Measure):
    spec = MeasureSpec("heartbeat_gap", "age of the last heartbeat, as share of its timeout", "x")

    async def read(self) -> Sequence[Reading]:
        return [
            _late(record.name, record.beat_age, record.heartbeat_timeout)
            for record in self.inputs.records()
            if record.state == "running" and record.beat_age is not None
        ]

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        yield HeldBeats(self.inputs, self.rule, self.parameters)


class HeldBeats(HeartbeatGap):
    """The beats of nobody's kernel: one, and then none."""

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.beat_at = inputs.clock.monotonic()

    async def read(self) -> Sequence[Reading]:
        await self.inputs.clock.sleep(DRILL_TIMEOUT * 2)
        return [_late("drill", self.inputs.clock.monotonic() - self.beat_at, DRILL_TIMEOUT)]


def _late(name: str, age: float, timeout: float) -> Reading:
    share = round(age / timeout, 2)
    says = f"last beat {age:.0f} s ago, limit {timeout:g} s"
    return Reading(share, f"{name}: {age:.1f} of {timeout:g} s", name, name, says, {"age": age, "timeout": timeout})


class LogSilence(Measure):
    """Judged by each kernel's own rhythm; one that never logs or counts, or only in bursts, is never silent.

    Nor is one that has read all its messages: the silence is that of who sends them.
    """

    spec = MeasureSpec(
        "log_silence",
        "silence of log and work, in longest pauses that were usual",
        "x",
        {"least": Parameter(60.0, "Seconds of silence below which nothing is wrong.", 0, 86_400)},
    )

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.rhythms: dict[str, Rhythm] = {}

    def look(self, now: float) -> None:
        for record in self.inputs.context.room.kernels():
            rhythm = self.rhythms.setdefault(record.name, Rhythm())
            if record.state == "running":
                rhythm.see((record.count, self._log_size(record.name)), now)
            else:
                rhythm.interrupt()

    async def read(self) -> Sequence[Reading]:
        now = self.inputs.clock.monotonic()
        waiting = self.inputs.context.bus.statistics().depths
        return [
            self._silence(record, now) if waiting.get(record.name, 1) else Reading(0.0, "", record.name, record.name)
            for record in self.inputs.records()
            if record.state == "running"
        ]

    def save_state(self) -> Mapping[str, object]:
        return {name: [round(pause, 3) for pause in rhythm.pauses] for name, rhythm in self.rhythms.items()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        for name, pauses in state.items():
            self.rhythms.setdefault(name, Rhythm()).pauses.extend(float(pause) for pause in pauses)

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            yield FallenSilent(inputs, self.rule, {**self.parameters, "least": 0.0})

    def _silence(self, record: KernelRecord, now: float) -> Reading:
        rhythm = self.rhythms.get(record.name, Rhythm())
        usual, silent = rhythm.usual, rhythm.silent_for(now)
        hung = record.beat_age is not None and record.beat_age > record.heartbeat_timeout  # its own rule tells that
        if usual is None or silent < self.number("least") or hung:
            return Reading(0.0, "", record.name, record.name)
        detail = f"{record.name}: nothing for {silent:.0f} s, usually every {usual:.0f} s"
        facts = {"silent": silent, "usual": usual}
        return Reading(round(silent / max(usual, 0.001), 1), detail, record.name, record.name, detail, facts)

    def _log_size(self, kernel: str) -> int:
        try:
            return (self.inputs.context.workspace.logs / "kernels" / f"{kernel}.jsonl").stat().st_size
        except OSError:
            return 0


class FallenSilent(LogSilence):
    """A log of the drill's own: written in a steady rhythm, and then not any more."""

    async def read(self) -> Sequence[Reading]:
        clock, log, rhythm = self.inputs.clock, self.inputs.root / "drill.jsonl", Rhythm()
        longest = 0.0
        for number in range(LEARNT + 1):
            with log.open("a") as file:
                file.write(f"{number}\n")
            rhythm.see(log.stat().st_size, clock.monotonic())
            longest = max(longest, *rhythm.pauses, DRILL_PAUSE)
            await clock.sleep(DRILL_PAUSE)
        await clock.sleep(longest * 10)
        silent = rhythm.silent_for(clock.monotonic())
        detail = f"drill: nothing for {silent:.2f} s, usually every {longest:.3f} s"
        return [Reading(round(silent / longest, 1), detail, "drill", message=detail)]
