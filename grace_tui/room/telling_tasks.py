"""A repair as text for people: where it stands, by whose word, its gates, the candidates, each state's time. Pure."""

from collections.abc import Iterator

from grace_tui.kernel.records import GateVerdict, TaskRecord, TriedPatch
from grace_tui.kernel.spelling import duration
from grace_tui.room.telling import MARKS, clock, fields


def task(record: TaskRecord) -> str:
    lines = [
        f"{record.id}: {record.state.replace('_', ' ')}, priority {record.priority}",
        record.title,
        "",
        *fields(
            ("incident", record.incident_id),
            ("kernel", record.kernel),
            ("operator", record.operator + (" (remembered)" if record.known else "")),
            ("provider", record.provider),
            ("worker", record.worker),
            ("queued", clock(record.queued_at)),
            ("took", f"{record.seconds:.2f} s" if record.seconds else ""),
            ("detail", record.detail),
        ),
        "",
        "gates",
        *_gates(record.gates),
        "",
        task_more(record),
    ]
    return "\n".join(lines)


def task_more(record: TaskRecord) -> str:
    """What a page does not have from the view: by whose word, the times, the candidates, what changes and what not."""
    lines = [
        *fields(
            ("policy", record.policy),
            ("unchanged", ", ".join(record.consumers)),
            ("files", ", ".join(record.files)),
            ("signature", record.signature),
            ("budget of", record.coarse),
        ),
        *_times(record),
        *(line for number, tried in enumerate(record.candidates, 1) for line in _candidate(number, tried)),
        *(["", "what you can do", *(f"  {act}" for act in acts(record))] if acts(record) else []),
        "",
        record.diff,
    ]
    return "\n".join(lines)


def acts(record: TaskRecord) -> list[str]:
    """What a person can do about it, as they would type it."""
    verbs = {
        "waiting_for_approval": ("approve", "reject", "edit"),
        "failed": ("retry", "edit"),
        "undone": ("retry",),
        "learned": ("undo",),
    }
    return [f"grace-tui task {verb} {record.id}" for verb in verbs.get(record.state, ())]


def _gates(gates: tuple[GateVerdict, ...]) -> Iterator[str]:
    for gate in gates:
        yield f"  {MARKS[gate.state]} {gate.name:<12} {gate.ms:>7.0f} ms  {gate.detail}"


def _times(record: TaskRecord) -> Iterator[str]:
    """When it came into each state, and how long it was in it."""
    if not record.times:
        return
    yield ""
    yield "states"
    ends = [at for _, at in record.times[1:]]
    for (state, at), end in zip(record.times, [*ends, None], strict=True):
        spent = f" for {duration(max(end - at, 0.0))}" if end is not None else ""
        yield f"  {clock(at)} {state.replace('_', ' ')}{spent}"


def _candidate(number: int, tried: TriedPatch) -> Iterator[str]:
    yield ""
    yield f"candidate {number}: {tried.summary}"
    yield f"  by {tried.operator}, score {tried.score:.2f}"
    yield from (f"  because {reason}" for reason in tried.evidence)
    if tried.ask:
        yield f"  only a person may decide: {tried.ask}"
    yield from _gates(tried.gates)
    yield f"  {tried.refused}" if tried.refused else "  every gate passed"
    yield from (f"    {line}" for line in tried.diff.splitlines())
