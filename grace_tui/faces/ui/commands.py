"""What a key asks of the room, and what comes back. No Textual here: the screens call it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from grace_tui.faces.ui.ports import Ask
from grace_tui.faces.views import IncidentView, KernelView, RoomView, RunView, SilenceView, TaskView

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
    data: Mapping[str, object] = field(default_factory=dict)
    """The same for programs."""


async def answer_of(ask: Ask, verb: str, arguments: Mapping[str, object]) -> Answer:
    """Ask the room. Whatever goes wrong on the way is an answer too: a screen must outlive a room in trouble."""
    try:
        told = await ask(verb, arguments)
    except Exception as error:  # the one boundary between the screen and the room; cancellation passes through
        return Answer(ok=False, text=f"{verb}: {type(error).__name__}: {error}")
    text = told.get("text")
    data = told.get("data")
    return Answer(bool(told.get("ok")), text if isinstance(text, str) else "", data if isinstance(data, dict) else {})


def show(target: Target) -> Command:
    """What a page cannot take from the view; the rest it shows, and keeps current, itself."""
    return Command(f"{target.kind}.show", {"id": target.id, "more": True}, f"opening {target.id}")


def incident_record(incident: str) -> Command:
    return Command("incident.show", {"id": incident, "more": True}, f"opening {incident}")


def evidence(incident: str, file: str = "") -> Command:
    """The names of the files, or what one of them says."""
    arguments = {"id": incident, "file": file} if file else {"id": incident}
    return Command("incident.evidence", arguments, f"reading the evidence of {incident}")


def why(target: Target) -> Command:
    return Command("why", {target.kind: target.id}, f"asking why {target.id}")


def logs(kernel: str, lines: int) -> Command:
    return Command("kernel.logs", {"name": kernel, "lines": lines}, f"reading the log of {kernel}")


def restart(kernel: str) -> Command:
    return Command("kernel.restart", {"name": kernel}, f"restarting {kernel}")


def take(incident: str, owner: str) -> Command:
    return Command("incident.take", {"id": incident, "owner": owner}, f"taking {incident}")


def resolve(incident: str, reason: str) -> Command:
    return Command("incident.resolve", {"id": incident, "reason": reason}, f"resolving {incident}")


def silence_show(silence: str) -> Command:
    return Command("silence.show", {"id": silence}, f"reading what {silence} hid")


def add_silence(matcher: Mapping[str, str], span: str, reason: str) -> Command:
    arguments = {"matcher": dict(matcher), "for": span, "reason": reason}
    return Command("silence.add", arguments, f"silencing {', '.join(matcher.values())}")


def end_silence(silence: SilenceView) -> Command:
    back = f" What it hides comes back ({silence.hidden})." if silence.hidden else ""
    return Command(
        "silence.end", {"id": silence.id}, f"ending {silence.id}", f"End {silence.id}, {silence.matcher}?{back}"
    )


def task_record(task: str) -> Command:
    return Command("task.show", {"id": task, "more": True}, f"opening {task}")


def approve(task: TaskView) -> Command:
    return Command("task.approve", {"id": task.id}, f"approving {task.id}", f"Apply {task.title}?")


def reject(task: TaskView) -> Command:
    return Command("task.reject", {"id": task.id}, f"rejecting {task.id}", f"Drop {task.title}?")


def edit(task: TaskView, diff: str) -> Command:
    return Command("task.edit", {"id": task.id, "diff": diff}, f"putting your diff of {task.id} through the gates")


def retry(task: TaskView) -> Command:
    return Command("task.retry", {"id": task.id}, f"retrying {task.id}")


def undo(task: TaskView, reason: str) -> Command:
    return Command("task.undo", {"id": task.id, "reason": reason}, f"undoing {task.id}")


KNOWLEDGE = Command("knowledge.list", {}, "reading the remembered fixes")


def knowledge_show(signature: str) -> Command:
    return Command("knowledge.show", {"id": signature}, f"reading {signature}")


def forget(signature: str, summary: str) -> Command:
    question = f"Forget {summary}? The failure is analysed anew the next time."
    return Command("knowledge.forget", {"id": signature}, f"forgetting {signature}", question)


TRIGGERS = Command("trigger.list", {}, "reading the rules")
PLAYBOOKS = Command("playbook.list", {}, "reading the playbooks")


def playbook_show(name: str) -> Command:
    return Command("playbook.show", {"name": name}, f"reading {name}")


def trigger_show(rule: str) -> Command:
    return Command("trigger.show", {"name": rule}, f"reading {rule}")


def check_trigger(rule: str) -> Command:
    return Command("trigger.check", {"name": rule}, f"checking {rule}")


def accept_trigger(rule: str) -> Command:
    question = f"Take what {rule} measures now as good from here on?"
    return Command("trigger.accept", {"name": rule}, f"accepting what {rule} measures", question)


def drill_trigger(rule: str) -> Command:
    return Command("trigger.drill", {"name": rule}, f"drilling {rule}", f"Make {rule} fire on purpose?")


def run_playbook(name: str, incident: str, reason: str) -> Command:
    arguments = {"name": name, "incident": incident, "reason": reason}
    return Command("playbook.run", arguments, f"running {name} for {incident}")


def answer_run(run: RunView, yes: bool) -> Command:
    word = "yes" if yes else "no"
    return Command(
        "playbook.answer",
        {"id": run.id, "yes": yes},
        f"answering {run.playbook} with {word}",
        f"{run.question} Answer {word}?",
    )


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


def task_in(view: RoomView | None, task_id: str) -> TaskView | None:
    return next((task for task in view.tasks if task.id == task_id), None) if view else None


def incident_in(view: RoomView | None, incident_id: str) -> IncidentView | None:
    return next((one for one in view.incidents if one.id == incident_id), None) if view else None


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
