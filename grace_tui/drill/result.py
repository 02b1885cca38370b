"""What a drill measured: the structure that `drill --json` prints and the report is written from."""

import msgspec

from grace_tui.faces.views import RoomView


class Count(msgspec.Struct, frozen=True):
    running: int
    total: int


class FirstBoot(Count, frozen=True):
    failed: tuple[str, ...]
    seconds: float
    """From opening the room until every kernel had either run or failed."""


class Incident(msgspec.Struct, frozen=True):
    id: str
    kernel: str
    signature: str
    opened_ms: float
    """Milliseconds from opening the room."""
    title: str
    provider: str


class Gate(msgspec.Struct, frozen=True):
    name: str
    state: str
    ms: float
    detail: str


class Task(msgspec.Struct, frozen=True):
    id: str
    kernel: str
    priority: int
    operator: str
    provider: str
    state: str
    worker: str
    gates: tuple[Gate, ...]
    seconds: float
    """From claim to outcome, the watch window among them."""
    repair_seconds: float
    """From claim to a patch that passed every gate, without waiting and watching."""


class SecondBoot(Count, frozen=True):
    known: tuple[Task, ...]
    """Repairs that were replayed from memory."""
    seconds: float
    """From opening the room until every kernel ran."""


class SeedResult(msgspec.Struct, frozen=True):
    healed: bool
    first_boot: FirstBoot
    incidents: tuple[Incident, ...]
    tasks: tuple[Task, ...]
    consumers_unchanged: bool
    final: Count
    healed_seconds: float
    """From opening the room until every kernel ran."""
    second_boot: SecondBoot
    problems: tuple[str, ...]
    """What was not as it should be; empty after a drill that went well."""
    report: str = ""


def incidents_of(view: RoomView, opened_at: float) -> tuple[Incident, ...]:
    """Incidents of this boot, oldest first."""
    return tuple(
        Incident(
            incident.id,
            incident.kernel,
            incident.signature,
            round((incident.opened_at - opened_at) * 1000, 1),
            incident.title,
            incident.provider,
        )
        for incident in sorted(view.incidents, key=lambda found: found.opened_at)
        if incident.last_at >= opened_at
    )


def tasks_of(view: RoomView, opened_at: float) -> tuple[Task, ...]:
    """Repairs of this boot, in the order in which they were queued."""
    return tuple(
        Task(
            task.id,
            task.kernel,
            task.priority,
            task.operator,
            task.provider,
            task.state,
            task.worker,
            tuple(Gate(gate.name, gate.state, round(gate.ms, 1), gate.detail) for gate in task.gates),
            round(task.seconds, 3),
            round(task.repair_seconds, 3),
        )
        for task in sorted(view.tasks, key=lambda found: found.queued_at)
        if task.queued_at >= opened_at
    )
