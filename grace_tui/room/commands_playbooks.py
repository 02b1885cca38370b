"""Commands about playbooks: list and show them, run one by hand, see the runs, answer what one asks, check files."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import msgspec

from grace_tui.healing.strict import FileRefused
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.redact import redact_value
from grace_tui.room import telling_playbooks as telling
from grace_tui.room.commanding import Answer, Arguments, Command, answer, word
from grace_tui.room.viewing import run_view

if TYPE_CHECKING:
    from grace_tui.room.core import Room

WAIT_SECONDS = 10
"""Longest that a command waits for a run; one that takes longer goes on all the same."""
RUNS_TOLD = 100


async def playbook_list(room: "Room", arguments: Arguments, by: str) -> Answer:
    await room.playbooks.ready()
    records = [_record(room, record.name) for record in room.playbooks.all()]
    library = room.playbooks.shelf.library
    refused = [{"file": str(path), "problems": _problems(error)} for path, error in library.refused.items()]
    return answer(library.problem, {"playbooks": records, "refused": refused})


def _problems(error: FileRefused) -> list[str]:
    return [f"line {found.line}: {found.text}" if found.line else found.text for found in error.problems]


async def playbook_show(room: "Room", arguments: Arguments, by: str) -> Answer:
    """A playbook as it is written, and how its runs ended."""
    name = word(arguments, "name")
    await room.playbooks.ready()
    playbook = room.playbooks.shelf.find(name)
    source = await anyio.to_thread.run_sync(_source, Path(playbook.file))
    runs = [run for run in room.playbooks.runs() if run.playbook == name]
    record = _record(room, name)
    data = {"playbook": record, "source": source, "runs": [run_view(run) for run in runs[:RUNS_TOLD]]}
    return answer(telling.playbook(record, source, runs), data)


async def playbook_run(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Run a playbook for an incident because a person asks for it: whatever its condition and budget say."""
    name, incident_id = word(arguments, "name"), word(arguments, "incident")
    reason = str(arguments.get("reason") or "") or f"{by} asked for it"
    with anyio.move_on_after(WAIT_SECONDS):
        run = await room.playbooks.run(name, incident_id, by, reason, automatic=False)
        return answer(telling.ended(run), run_view(run), ok=run.state in ("succeeded", "waiting_for_person"))
    return answer(f"{name} is under way for {incident_id}; see `grace-tui playbook runs`")


async def playbook_runs(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Every run that is kept, newest first; with an `id` one of them, step by step."""
    if not arguments.get("id"):
        return answer("", {"runs": [run_view(run) for run in room.playbooks.runs()[:RUNS_TOLD]]})
    run_id = word(arguments, "id")
    run = room.playbooks.get(run_id)
    if run is None:
        raise GraceError(f"there is no run {run_id!r}")
    return answer(telling.run(run), redact_value(msgspec.to_builtins(run)))


async def playbook_answer(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Answer what a run asks with `yes` (true or false)."""
    run_id, yes = word(arguments, "id"), arguments.get("yes")
    if not isinstance(yes, bool):
        raise GraceError(f"yes is {yes!r}; expected true or false")
    with anyio.move_on_after(WAIT_SECONDS):
        run = await room.playbooks.answer(run_id, yes, by)
        return answer(telling.ended(run), run_view(run), ok=not yes or run.state not in ("failed", "undone"))
    return answer(f"{run_id} goes on after your {'yes' if yes else 'no'}")


async def playbook_check(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Read every file anew, and tell what cannot be used."""
    library, _ = await anyio.to_thread.run_sync(room.playbooks.shelf.read)
    text = "\n".join(str(error) for error in library.refused.values())
    fine = f"{len(library.playbooks)} playbooks can be used"
    return answer(text or fine, telling.checked(library), ok=not library.refused)


def _record(room: "Room", name: str) -> Mapping[str, object]:
    """What a listing shows of a playbook."""
    playbook = room.playbooks.shelf.find(name)
    return telling.listed(playbook, room.playbooks.record(playbook), room.parts.workspace.root)


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:  # the playbook in force was read earlier
        return f"# {path} cannot be read now: {error}\n"


COMMANDS: Mapping[str, Command] = {
    "playbook.list": Command(playbook_list),
    "playbook.show": Command(playbook_show),
    "playbook.run": Command(playbook_run, acts=True),
    "playbook.runs": Command(playbook_runs),
    "playbook.answer": Command(playbook_answer, acts=True),
    "playbook.check": Command(playbook_check),
}
