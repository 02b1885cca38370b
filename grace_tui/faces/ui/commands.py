"""What a key asks of the room, and what comes back. No Textual here: the screens call it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from grace_tui.faces.ui.ports import Ask
from grace_tui.faces.views import KernelView, RoomView

Kind = Literal["kernel", "incident", "task"]


@dataclass(frozen=True, slots=True)
class Target:
    """What the eye is on: `id` is a kernel's name, or an incident's or a task's identifier."""

    kind: Kind
    id: str
    kernel: str
    """The kernel that acts on it are done to."""


@dataclass(frozen=True, slots=True)
class Command:
    verb: str
    arguments: Mapping[str, object]
    doing: str
    """Said while the answer is awaited."""
    question: str = ""
    """Asked first, where the act should not happen by a slip of a finger."""


@dataclass(frozen=True, slots=True)
class Answer:
    ok: bool
    text: str


async def answer_of(ask: Ask, verb: str, arguments: Mapping[str, object]) -> Answer:
    """Ask the room. Whatever goes wrong on the way is an answer too: a screen must outlive a room in trouble."""
    try:
        told = await ask(verb, arguments)
    except Exception as error:  # the one boundary between the screen and the room; cancellation passes through
        return Answer(ok=False, text=f"{verb}: {type(error).__name__}: {error}")
    text = told.get("text")
    return Answer(ok=bool(told.get("ok")), text=text if isinstance(text, str) else "")


def show(target: Target) -> Command:
    """What a page cannot take from the view; the rest it shows, and keeps current, itself."""
    return Command(f"{target.kind}.show", {"id": target.id, "more": True}, f"opening {target.id}")


def why(target: Target) -> Command:
    return Command("why", {target.kind: target.id}, f"asking why {target.id}")


def logs(kernel: str, lines: int) -> Command:
    return Command("kernel.logs", {"name": kernel, "lines": lines}, f"reading the log of {kernel}")


def restart(kernel: str) -> Command:
    return Command("kernel.restart", {"name": kernel}, f"restarting {kernel}")


def acknowledge(incident: str) -> Command:
    return Command("incident.ack", {"id": incident}, f"acknowledging {incident}")


def pause_or_resume(kernel: KernelView) -> Command:
    if kernel.state == "paused":
        return Command("kernel.resume", {"name": kernel.name}, f"resuming {kernel.name}")
    return Command("kernel.pause", {"name": kernel.name}, f"pausing {kernel.name}")


def stop_or_start(kernel: KernelView) -> Command:
    if kernel.state in ("stopped", "completed", "quarantined"):
        return Command("kernel.start", {"name": kernel.name}, f"starting {kernel.name}")
    return Command("kernel.stop", {"name": kernel.name}, f"stopping {kernel.name}", f"Stop {kernel.name}?")


def kernel_in(view: RoomView | None, name: str) -> KernelView | None:
    return next((kernel for kernel in view.kernels if kernel.name == name), None) if view else None


def incident_of(view: RoomView | None, target: Target) -> str:
    """The incident a target is about; empty where there is none."""
    if view is None:
        return ""
    if target.kind == "incident":
        return target.id
    if target.kind == "task":
        return next((task.incident_id for task in view.tasks if task.id == target.id), "")
    kernel = kernel_in(view, target.id)
    return kernel.incident_id if kernel else ""
