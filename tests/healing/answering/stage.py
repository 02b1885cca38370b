"""The healer's room with playbooks that act on files of the workspace: what a test of answers stands on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grace_tui.healing.answering.limits import Limits
from grace_tui.healing.playbooks.playbooks import Budget, Playbooks
from grace_tui.kernel.events import KernelFailed
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.testing import ManualClock, RealClock
from tests.healing.bench import Room
from tests.healing.playbooks.shop import FileActions

WRITES = """
says = "Leave a mark."
when = "incident.kind == 'CpuPressure'"
[[step]]
action = "note"
[step.with]
text = "calmer now"
"""
FAILS = WRITES.replace('action = "note"', 'action = "flaky"').replace('text = "calmer now"', "times = 9")
ASKS = WRITES.replace('action = "note"', 'action = "ask"').replace("text =", "question =")


class Stage(Room):
    def __init__(self, root: Path, limits: Limits | None = None, **playbooks: str) -> None:
        super().__init__(root, RealClock(), limits)
        self.own, self.shipped = root / "playbooks", root / "shipped"
        for folder in (self.own, self.shipped):
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in playbooks.items():
            (self.own / f"{name}.toml").write_text(text)
        self.playbooks = self.open_playbooks()

    def open_playbooks(self) -> Playbooks:
        limits = self.limits
        playbooks = Playbooks(
            self.shipped,
            self.own,
            FileActions(self.root, ManualClock()),
            self.store,
            self.clock,
            self.book,
            self.hooks,
            values,
            budget=Budget(runs=limits.budget, within=limits.period),
        )
        self.healer.playbooks = playbooks
        return playbooks

    def measure(self, kind: str = "CpuPressure", route: str = "") -> IncidentRecord:
        return self.book.report("agent", kind, "97 %", by="trigger_mesh", route=route, facts={"value": 97.0})

    def fall(self, text: str = "lost") -> IncidentRecord:
        """A failure that no code of the workspace raised."""
        return self.book.record(KernelFailed("agent", "heartbeat", self.clock.time(), TimeoutError(text)))

    def now(self, incident: IncidentRecord) -> IncidentRecord:
        found = self.book.get(incident.id)
        assert found is not None
        return found

    async def answer(self, incident: IncidentRecord) -> str:
        return await self.healer.respond(incident.id, "self_healing")


def values(incident: IncidentRecord) -> Mapping[str, Any]:
    about = {"id": incident.id, "kernel": incident.kernel, "kind": incident.kind, "state": incident.state}
    return {"incident": about, "facts": incident.facts}
