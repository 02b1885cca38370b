"""A small world to act on: files in a folder, with actions that write, fail, wait and ask; and a room that listens."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from grace_tui.healing.playbooks.actions import ActionFailed, ActionSpec, Call, Done, Parameter
from grace_tui.healing.playbooks.playbooks import Budget, Playbooks
from grace_tui.healing.store import Store, open_store
from grace_tui.kernel.events import Event
from grace_tui.kernel.fakes import ManualClock, MemoryIncidents
from grace_tui.kernel.records import IncidentRecord, RunRecord

T = TypeVar("T")
TEXT = Parameter("text", "a text", required=True)
PATH = Parameter("path", "a file of the folder", required=True)
_SPECS = (
    ActionSpec("write", "Write a file.", {"path": PATH, "text": TEXT}, undoes=True),
    ActionSpec("half", "Write a file, then fail.", {"path": PATH, "text": TEXT}, undoes=True),
    ActionSpec("flaky", "Fail so many times.", {"times": Parameter("number", "how often")}),
    ActionSpec("slow", "Take a while.", {"seconds": Parameter("seconds", "how long", default=1.0)}),
    ActionSpec("stuck_undo", "Cannot be taken back.", undoes=True),
    ActionSpec("broken", "Has a defect."),
    ActionSpec("ask", "Ask a person.", {"question": TEXT}, asks=True),
    ActionSpec("note", "Note a text.", {"text": TEXT, "kernel": Parameter("kernel", "a kernel")}),
    ActionSpec(
        "escalate",
        "Hand it on.",
        {"to": Parameter("text", "who", choices=("agent", "person")), "reason": Parameter("text", "why", default="")},
    ),
)
CATALOGUE = {spec.name: spec for spec in _SPECS}
KERNELS = frozenset({"librarian", "message_bus"})


@dataclass
class FileActions:
    """Acts on files; counts what it did."""

    folder: Path
    clock: ManualClock
    calls: list[str] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def catalogue(self) -> Mapping[str, ActionSpec]:
        return CATALOGUE

    def kernels(self) -> frozenset[str]:
        return KERNELS

    async def do(self, call: Call) -> Done:
        self.calls.append(call.action)
        match call.action:
            case "write":
                return self._write(call)
            case "half":
                self._write(call)
                raise ActionFailed("half done")
            case "flaky":
                return self._flaky(call)
            case "slow":
                await self.clock.sleep(float(str(call.arguments.get("seconds", 1.0))))
                return Done("waited")
            case "stuck_undo":
                return Done("done for good", undo={"for": "good"})
            case "broken":
                raise KeyError("a defect")
            case "ask":
                return Done("asked", question=str(call.arguments["question"]))
            case _:
                self.notes.append(str(call.arguments.get("text") or call.arguments.get("reason")))
                return Done(call.action)

    async def undo(self, call: Call, undo: Mapping[str, object]) -> str:
        self.calls.append(f"undo {call.action}")
        if call.action == "stuck_undo":
            raise ActionFailed("it is for good")
        path = self.folder / str(undo["path"])
        if undo["before"] is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(str(undo["before"]), encoding="utf-8")
        return f"{path.name} is as it was"

    async def approved(self, call: Call) -> Done:
        self.calls.append(f"approved {call.action}")
        return Done("allowed")

    def _write(self, call: Call) -> Done:
        path = self.folder / str(call.arguments["path"])
        before = path.read_text(encoding="utf-8") if path.exists() else None
        undo = {"path": call.arguments["path"], "before": before}
        call.keep(undo)
        path.write_text(str(call.arguments["text"]), encoding="utf-8")
        return Done(f"wrote {path.name}", undo=undo)

    def _flaky(self, call: Call) -> Done:
        failed = self.failures.get(call.run_id, 0)
        if failed < int(str(call.arguments.get("times", 1))):
            self.failures[call.run_id] = failed + 1
            raise ActionFailed(f"failed {failed + 1} times")
        return Done("worked at last")


class NotingIncidents(MemoryIncidents):
    def note(self, incident_id: str, *, action: str | None = None, by: str = "room") -> IncidentRecord:
        return self.add(self.records[incident_id])


@dataclass
class Heard:
    """What the room was told."""

    events: list[Event] = field(default_factory=list)
    records: list[Mapping[str, object]] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def audit(self, record: Mapping[str, object]) -> None:
        self.records.append(record)

    def warn(self, key: str, text: str) -> None:
        self.warnings[key] = text
        if not text:
            del self.warnings[key]


class Shop:
    """Playbooks on a folder; `reopened` is the next room on the same store."""

    def __init__(self, root: Path, clock: ManualClock | None = None, *, budget: Budget | None = None) -> None:
        self.root, self.clock, self.budget = root, clock or ManualClock(), budget
        self.files, self.own, self.shipped = root / "files", root / "playbooks", root / "shipped"
        for folder in (self.files, self.own, self.shipped):
            folder.mkdir(parents=True, exist_ok=True)
        self.facts: dict[str, Any] = {"host": {"memory_percent": 50.0}, "kernel": {"state": "failed"}}
        self.incidents = NotingIncidents(self.clock)
        self.actions = self.make_actions()
        self.heard = Heard()
        self.store = self.make_store()
        self.playbooks = self._open()

    def make_actions(self) -> FileActions:
        return FileActions(self.files, self.clock)

    def make_store(self) -> Store:
        return open_store(self.root / "room.db")

    def _open(self) -> Playbooks:
        return Playbooks(
            self.shipped,
            self.own,
            self.actions,
            self.store,
            self.clock,
            self.incidents,
            self.heard,
            self._values,
            budget=self.budget,
        )

    def _values(self, incident: IncidentRecord) -> Mapping[str, Any]:
        about = {"id": incident.id, "kernel": incident.kernel, "kind": incident.kind, "count": incident.count}
        return {"incident": about, "facts": incident.facts, **self.facts}

    def reopen(self) -> None:
        """What the next room finds: everything in memory is new, what is on disk stays."""
        self.store.close()
        self.actions, self.heard = self.make_actions(), Heard()
        self.store = self.make_store()
        self.playbooks = self._open()

    def write(self, name: str, text: str) -> Path:
        path = self.own / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def incident(self, kind: str = "QueueGrowth", **more: Any) -> IncidentRecord:
        return self.incidents.report("librarian", kind, f"{kind} of librarian", "tester", **more)

    async def driven(self, work: Coroutine[Any, Any, T]) -> T:
        """Let time pass for as long as it takes; the files are read before, in real time."""
        await self.playbooks.ready()
        task = asyncio.create_task(work)
        while not task.done():
            await self.clock.advance(0.25)
        return task.result()

    async def run(self, name: str, incident: IncidentRecord | None = None, by: str = "self_healing") -> RunRecord:
        found = incident or self.incident()
        return await self.driven(self.playbooks.run(name, found.id, by, "for the test"))

    def text(self, name: str) -> str | None:
        path = self.files / name
        return path.read_text(encoding="utf-8") if path.exists() else None
