"""Playbooks and their runs as text for people and as plain data for programs. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from grace_tui.healing.playbooks.library import SHIPPED, Library
from grace_tui.healing.playbooks.model import Playbook
from grace_tui.kernel.records import PlaybookRecord, RunRecord, StepRecord
from grace_tui.kernel.redact import redact
from grace_tui.kernel.spelling import duration
from grace_tui.room.telling import clock, fields

RUNS_SHOWN = 10


def listed(playbook: Playbook, record: PlaybookRecord, root: Path) -> Mapping[str, object]:
    """A playbook in a listing; a file of the workspace by its name there."""
    path = Path(playbook.file)
    file = "shipped" if path.parent == SHIPPED else _relative(path, root)
    plain: dict[str, object] = msgspec.to_builtins(record)
    return {**plain, "file": file, "automatic": playbook.automatic, "steps": [step.name for step in playbook.step]}


def playbook(listed: Mapping[str, object], source: str, runs: Sequence[RunRecord]) -> str:
    score, good, bad = listed["score"], listed["succeeded"], listed["failed"]
    lines = [
        f"{listed['name']}: {listed['says']}",
        *fields(
            ("file", str(listed["file"])),
            ("picked", "by itself" if listed["automatic"] else "only by a rule or a person"),
            ("worked", f"{good} runs, not {bad}; expected to work {score:.0%}" if good or bad else "no outcome yet"),
        ),
        "",
        source.strip(),
    ]
    if runs:
        lines += ["", "runs", *(f"  {_line(run)}" for run in runs[:RUNS_SHOWN])]
    return "\n".join(lines)


def run(record: RunRecord) -> str:
    """A run with every step, in the order in which they began."""
    took = duration(record.ended_at - record.started_at) if record.ended_at is not None else ""
    lines = [
        f"{record.id}: {record.playbook} for {record.incident_id} of {record.kernel}, {_spoken(record.state)}",
        *fields(
            ("began", clock(record.started_at)),
            ("took", took),
            ("by", record.by),
            ("why", record.why),
            ("detail", record.detail),
            ("asks", record.question),
        ),
        "",
    ]
    steps = sorted(record.steps, key=lambda step: (step.turn == 0, step.turn))
    return "\n".join([*lines, *(_step(step) for step in steps)])


def ended(record: RunRecord) -> str:
    """What became of a run, in a line."""
    said = record.question or record.detail
    return f"{record.playbook} ({record.id}) {_spoken(record.state)}{f': {said}' if said else ''}"


def checked(library: Library) -> Mapping[str, object]:
    """What can be used, and each line that cannot."""
    refused = [
        {"file": str(path), "line": problem.line, "key": problem.key, "problem": problem.text}
        for path, error in library.refused.items()
        for problem in error.problems
    ]
    return {"playbooks": list(library.playbooks), "refused": refused}


def _step(step: StepRecord) -> str:
    tries = f" in {step.tries} tries" if step.tries > 1 else ""
    given = redact(", ".join(f"{name}={value}" for name, value in step.arguments.items()))
    took = f"  {step.ms:.0f} ms" if step.ms else ""
    said = f"\n           {step.text}" if step.text else ""
    return f"  {step.state:<8} {step.name}: {step.action}({given}){tries}{took}{said}"


def _line(record: RunRecord) -> str:
    return (
        f"{clock(record.started_at)}  {record.id}  {_spoken(record.state):<12}  {record.incident_id}  {record.detail}"
    )


def _relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _spoken(state: str) -> str:
    return state.replace("_", " ")
