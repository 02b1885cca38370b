"""Writing down what a kernel is doing right now, for people, beside its incident's evidence.

A kernel of the loop is looked at where its tasks wait; one in a process is asked, and where it does not answer the
interpreter there prints its stack; of a program the system tells what each of its processes does.
"""

import functools
import re
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import psutil

from grace_tui.healing.incidents.evidence.bundle import Part
from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.kernel.redact import redact
from grace_tui.room.actions.act import Act
from grace_tui.room.actions.asked import Asked
from grace_tui.room.actions.waiting import members
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.place import stacks_behind, told

if TYPE_CHECKING:
    from grace_tui.room.core import Room
    from grace_tui.runtime.hosts.process.kernel import ProcessKernel

ANSWER_SECONDS = 2.0
PRINT_SECONDS = 0.3
"""How long a process that does not answer has to print where it is."""
PROCESSES = 50
"""Processes of one program that are told."""
_FRAME = re.compile(r'^\s*File "(?P<file>.+)", line (?P<line>\d+), in (?P<name>.+)$', re.MULTILINE)


async def stack_dump(room: "Room", asked: Asked) -> Done:
    told_of = [await _standing(room, child) for child in members(room, asked.kernel())]
    text = "\n\n".join(told_of)
    incident = room.parts.book.get(asked.call.incident.id) or asked.call.incident
    name = f"stack.{asked.kernel()}.{time.strftime('%H%M%S')}.txt"
    part = Part(name, f"what {asked.kernel()} was doing, asked by {asked.by}", redact(text))
    kept = await anyio.to_thread.run_sync(room.parts.evidence.add, incident.id, incident.bundle, part)
    if not kept:
        raise ActionFailed(f"{incident.id} has no evidence to keep it with; {_last_place(text)}")
    said = f"{_last_place(text)}; kept as {name}"
    room.parts.book.note(incident.id, action=f"looked where {asked.kernel()} stands: {said}", by=asked.by)
    return Done(said)


async def _standing(room: "Room", child: Child) -> str:
    head = f"{child.name} is {child.state} ({child.source.isolation}), {time.strftime('%Y-%m-%d %H:%M:%S')}"
    if child.instance is None and child.source.isolation != "task":
        return f"{head}\nit has no process now: {child.error or child.detail}"
    if child.source.isolation == "process":
        return f"{head}\n{await _in_process(child)}"
    if child.source.isolation == "command":
        return f"{head}\n{await anyio.to_thread.run_sync(_program, child)}"
    stacks, frames = stacks_behind(child.gate), sys._current_frames()
    path = str(room.parts.workspace.root / "kernels" / child.name)
    threads = [
        traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
        for frame in frames.values()
        if _is_in(frame, path)
    ]
    del frames
    tasks = await anyio.to_thread.run_sync(functools.partial(told, stacks))
    others = [f"thread\n{''.join(reversed(each.format()))}" for each in threads]
    return "\n".join([head, tasks or "no task of it is alive", *others])


def _is_in(frame: FrameType | None, kernel: str) -> bool:
    """Whether a thread is somewhere below the kernel's own code."""
    while frame is not None:
        if frame.f_code.co_filename.startswith((f"{kernel}.py", f"{kernel}/")):
            return True
        frame = frame.f_back
    return False


async def _in_process(child: Child) -> str:
    from grace_tui.runtime.hosts.process.kernel import ProcessKernel
    from grace_tui.runtime.hosts.process.link import Gone

    kernel = child.instance
    if not isinstance(kernel, ProcessKernel) or kernel.link is None:
        return "it has no process now"
    with anyio.move_on_after(ANSWER_SECONDS):
        try:
            return str(await kernel.link.ask("where")) or "no task of it is alive"
        except Gone:
            return "its process has just ended"
    return await _printed(kernel)


async def _printed(kernel: "ProcessKernel") -> str:
    """What the interpreter prints of a process whose loop is held; it reaches the kernel's log as well."""
    link = kernel.link
    if link is None:
        return "it has no process now"
    link.show_stack()
    await anyio.sleep(PRINT_SECONDS)
    printed = link.fatal.printed("Busy", f"it did not answer within {ANSWER_SECONDS:g} s")
    return printed or f"process {link.pid} neither answered within {ANSWER_SECONDS:g} s nor printed its stack"


def _program(child: Child) -> str:
    vitals = child.instance.vitals() if child.instance else None
    if vitals is None:
        return "it has no process now"
    try:
        root = psutil.Process(vitals.pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.Error:
        return "its process has just ended"
    return "\n".join(line for process in tree[:PROCESSES] for line in _one(process))


def _one(process: psutil.Process) -> Iterator[str]:
    from grace_tui.runtime.hosts.command.source import shown

    try:
        with process.oneshot():
            times = process.cpu_times()
            yield f"process {process.pid} {process.name()}: {process.status()}, {process.num_threads()} threads"
            yield f"  {times.user:.2f} s of its own, {times.system:.2f} s in the system"
            yield f"  waits in {_waits_in(process.pid)}"
            yield f"  {shown(tuple(process.cmdline()))}"
    except psutil.Error as error:
        yield f"process {process.pid}: {error}"


def _waits_in(pid: int) -> str:
    """Where in the system it waits, where the system tells."""
    try:
        found = Path(f"/proc/{pid}/wchan").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return "a place that the system does not tell"
    return "no call" if found in ("", "0") else found


def _last_place(text: str) -> str:
    """The innermost frame of the first stack, for one line."""
    head, _, _ = text.partition("\ntask ")[2].partition("\ntask ")
    frames = list(_FRAME.finditer(head or text))
    if not frames:
        return text.splitlines()[1].strip() if len(text.splitlines()) > 1 else text
    last = frames[-1]
    return f"it stands at {last['name']} ({'/'.join(Path(last['file']).parts[-2:])}:{last['line']})"


ACTS = {"stack_dump": Act(stack_dump)}
