"""Walks a patch through its gates: each timed, each reported as it changes, stopped at the first that fails."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from grace_tui.healing.repair.gates.setting import Gate, Said, Setting
from grace_tui.kernel.records import GateState, GateVerdict

Report = Callable[[tuple[GateVerdict, ...]], None]


def pending(gates: Sequence[Gate]) -> tuple[GateVerdict, ...]:
    return tuple(GateVerdict(gate.name, "pending") for gate in gates)


async def walk(gates: Sequence[Gate], setting: Setting, report: Report) -> tuple[GateVerdict, ...]:
    """Return a verdict for every gate; `report` sees them after each change."""
    board = _Board(gates, report)
    for gate in gates:
        if gate.cheap and not await _pass(gate, setting, board):
            return board.close()
    running: list[asyncio.Task[None]] = []

    async def side_by_side(gate: Gate) -> None:
        if not await _pass(gate, setting, board):
            for task in running:
                task.cancel()

    async with asyncio.TaskGroup() as group:
        running += [group.create_task(side_by_side(gate)) for gate in gates if not gate.cheap]
    return board.close()


async def _pass(gate: Gate, setting: Setting, board: "_Board") -> bool:
    board.set(gate.name, "running", 0.0, "")
    began = time.perf_counter()
    try:
        said = await gate.check(setting)
    except (OSError, ValueError) as error:
        said = Said(False, f"the gate itself failed: {type(error).__name__}: {error}")
    state: GateState = "skipped" if said.passed is None else "passed" if said.passed else "failed"
    board.set(gate.name, state, (time.perf_counter() - began) * 1000, said.detail)
    return said.passed is not False


class _Board:
    def __init__(self, gates: Sequence[Gate], report: Report) -> None:
        self.verdicts = {verdict.name: verdict for verdict in pending(gates)}
        self.report = report

    def set(self, name: str, state: GateState, ms: float, detail: str) -> None:
        self.verdicts[name] = GateVerdict(name, state, round(ms, 1), detail)
        self.report(tuple(self.verdicts.values()))

    def close(self) -> tuple[GateVerdict, ...]:
        """Name the gates that were not reached, or stopped, because another one failed."""
        failed = next((verdict.name for verdict in self.verdicts.values() if verdict.state == "failed"), "")
        for name, verdict in self.verdicts.items():
            if verdict.state in ("pending", "running"):
                self.verdicts[name] = replace(verdict, state="skipped", detail=f"not needed: {failed} failed")
        verdicts = tuple(self.verdicts.values())
        self.report(verdicts)
        return verdicts
