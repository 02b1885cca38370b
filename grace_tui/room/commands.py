"""The one door for commands, however they came in: a visible table of verbs, each a small function on the open room.

Every answer is plain data: `ok`, a `text` for people, `data` for programs. The `show` verbs take `more`: only what the
views do not have, for a page that shows the view itself.
"""

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from grace_tui.healing.incidents.states import needs_nothing
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spelling import plural
from grace_tui.room import (
    commands_evidence,
    commands_incidents,
    commands_knowledge,
    commands_playbooks,
    commands_silences,
    commands_tasks,
    commands_triggers,
    telling,
)
from grace_tui.room.asking import ask_kernel
from grace_tui.room.commanding import Answer, Arguments, Command, answer, number, word
from grace_tui.room.telling_evidence import evidence
from grace_tui.room.telling_silences import explained
from grace_tui.runtime.storage.following import Part, place_before, read_on, readable
from grace_tui.runtime.supervisor.child import Child

if TYPE_CHECKING:
    from grace_tui.room.core import Room

WAIT_SECONDS = 10
"""Longest that one command waits; whoever wants more asks again."""


async def status(room: "Room", arguments: Arguments, by: str) -> Answer:
    return answer("", room.view())


async def kernel_list(room: "Room", arguments: Arguments, by: str) -> Answer:
    return answer("", {"kernels": room.view().kernels})


async def kernel_show(room: "Room", arguments: Arguments, by: str) -> Answer:
    name = word(arguments, "name")
    room.supervisor.child(name)
    shown = room.view()
    view = next(kernel for kernel in shown.kernels if kernel.name == name)
    return answer(telling.kernel(view, room.parts.kernel_log(name).tail(20), shown.at), view)


async def kernel_logs(room: "Room", arguments: Arguments, by: str) -> Answer:
    """The newest lines; with a `place` (empty at first) also where to read on, for those who follow a log."""
    name = word(arguments, "name")
    room.supervisor.child(name)
    count = number(arguments, "lines", 200)
    if "place" in arguments:
        read = functools.partial(_logs_from, room.parts.kernel_log(name).path, str(arguments["place"]), count)
        part = await anyio.to_thread.run_sync(read)
        shown = [line.decode("utf-8", "replace") if arguments.get("raw") else readable(line) for line in part.lines]
        return answer("\n".join(shown), {"lines": shown, "place": part.place, "missed": part.missed})
    lines = room.parts.kernel_log(name).tail(count)
    return answer("\n".join(lines) or f"{name} has written nothing yet", {"lines": lines})


def _logs_from(path: Path, place: str, count: int) -> Part:
    return read_on(path, place or place_before(path, count))


async def kernel_act(room: "Room", arguments: Arguments, by: str, *, act: str) -> Answer:
    """Act on a kernel, or on every replica of a group."""
    done = {"start": "is starting", "stop": "is stopping", "restart": "is restarting"}
    said = []
    for name in room.settings.group(word(arguments, "name")):
        room.supervisor.child(name)
        if act in ("start", "restart"):
            await room.rereading.renew(name)
        getattr(room.supervisor, act)(name)
        said.append(f"{name} {done.get(act, f'{act}d')}")
        if act == "stop" and room.forget_missing(name):
            said[-1] += "; its file is gone, so it is no longer expected when the room opens"
    return answer("\n".join(said))


async def kernel_wait(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Wait for a kernel, or all of a group, to be `running` or `stopped`; `over` says that waiting longer is idle."""
    wanted = word(arguments, "until")
    names = room.settings.group(word(arguments, "name"))
    with anyio.move_on_after(min(number(arguments, "within", 1), WAIT_SECONDS)):
        for name in names:
            await _settled(room.supervisor.child(name), wanted)
    children = [room.supervisor.child(name) for name in names]
    missing = [child for child in children if not _is(child, wanted)]
    text = "; ".join(f"{child.name} is {child.state}: {child.error or child.detail}" for child in missing)
    return answer(text, {"over": any(child.state == "quarantined" for child in missing)}, ok=not missing)


async def _settled(child: Child, wanted: str) -> None:
    while not _is(child, wanted) and child.state != "quarantined":
        await child.moved.wait()


def _is(child: Child, wanted: str) -> bool:
    """A kernel that ran to its end has run, and has stopped."""
    if child.state == "completed" and not child.wanted:
        return True
    if wanted == "stopped":
        return child.state == "stopped" and not child.wanted and child.scope is None
    return child.state == "running" and not child.is_changing


async def incident_show(room: "Room", arguments: Arguments, by: str) -> Answer:
    record = room.parts.book.get(word(arguments, "id"))
    if record is None:
        raise GraceError(f"there is no incident {arguments.get('id')!r}")
    read = functools.partial(evidence, room.parts.workspace.root, record)
    told = telling.incident_more(record) if arguments.get("more") else telling.incident(record)
    if hidden := explained(room.parts.silences, record):
        told = f"{hidden}\n\n{told}"
    if room.parts.grouping.problem:
        told += f"\nrules of grouping: {room.parts.grouping.problem}\n"
    return answer(told + await anyio.to_thread.run_sync(read), record)


async def snapshot_list(room: "Room", arguments: Arguments, by: str) -> Answer:
    return answer("", {"snapshots": room.parts.snapshots.all()})


async def audit_tail(room: "Room", arguments: Arguments, by: str) -> Answer:
    entries = room.parts.audit.tail(number(arguments, "lines", 20))
    return answer("\n".join(telling.audit_line(entry) for entry in entries), {"entries": entries})


async def audit_verify(room: "Room", arguments: Arguments, by: str) -> Answer:
    report = await anyio.to_thread.run_sync(room.parts.audit.verify)
    verdict = "whole" if report.ok else report.problem
    entries = plural(report.entries, "entry", "entries")
    return answer(f"{entries}, {verdict} ({report.seconds * 1000:.0f} ms)", report, ok=report.ok)


async def why(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Why something is as it is: a kernel, an incident or a task, from its records and the decisions about it."""
    name, incident_id, task_id = (str(arguments.get(key) or "") for key in ("kernel", "incident", "task"))
    incident = room.parts.book.get(incident_id) if incident_id else None
    task = room.parts.queue.get(task_id) if task_id else None
    view = next((kernel for kernel in room.view().kernels if kernel.name == name), None)
    if not (incident or task or view):
        raise GraceError("say of which kernel, incident or task")
    resource = name or (incident.id if incident else "") or (task.id if task else "")
    told = telling.why(view, incident, task, await _decisions(room, resource))
    if incident is not None and not needs_nothing(incident):
        told += telling.ladder(await room.healer.plan(incident.id))
    hidden = explained(room.parts.silences, incident) if incident else ""
    return answer(f"{hidden}\n\n{told}" if hidden else told)


async def leave(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Whoever holds the room open closes it once this is answered; the pid lets a caller wait for the process."""
    return answer("the room is closing", {"pid": os.getpid()})


async def _decisions(room: "Room", resource: str) -> str:
    """What clarity_framework knows of it; its absence is told, not hidden."""
    try:
        return str(await ask_kernel(room, "room", "clarity_framework", "explain", resource))
    except GraceError as error:
        return f"no recorded decisions: {error}"


def _act(name: str) -> Command:
    return Command(functools.partial(kernel_act, act=name), acts=True)


COMMANDS: Mapping[str, Command] = {
    "status": Command(status),
    "kernel.list": Command(kernel_list),
    "kernel.show": Command(kernel_show),
    "kernel.logs": Command(kernel_logs),
    "kernel.start": _act("start"),
    "kernel.stop": _act("stop"),
    "kernel.restart": _act("restart"),
    "kernel.pause": _act("pause"),
    "kernel.resume": _act("resume"),
    "kernel.wait": Command(kernel_wait),
    "incident.show": Command(incident_show),
    "snapshot.list": Command(snapshot_list),
    "audit.tail": Command(audit_tail),
    "audit.verify": Command(audit_verify),
    **commands_evidence.COMMANDS,
    **commands_incidents.COMMANDS,
    **commands_knowledge.COMMANDS,
    **commands_playbooks.COMMANDS,
    **commands_silences.COMMANDS,
    **commands_tasks.COMMANDS,
    **commands_triggers.COMMANDS,
    "why": Command(why),
    "leave": Command(leave, acts=True),
    "down": Command(leave, acts=True),
}
