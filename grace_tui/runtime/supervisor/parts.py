"""What the supervisor is given by the composition root, and the acts on a kernel: move, fail, save, end."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import LoopBlocked, LoopBroken, RemoteFailure
from grace_tui.kernel.events import KernelFailed, KernelStateChanged
from grace_tui.kernel.ports import LogPort
from grace_tui.kernel.records import PRIORITY_CRITICAL, ExitRecord, KernelState
from grace_tui.kernel.redact import redact
from grace_tui.runtime.bus import MemoryBus
from grace_tui.runtime.hosts.source import Source
from grace_tui.runtime.reload.loader import KernelLoader
from grace_tui.runtime.supervisor.body import Failed
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.policy import RestartPolicy
from grace_tui.runtime.supervisor.report import exit_of
from grace_tui.runtime.supervisor.states import LEGAL, IllegalMove
from grace_tui.runtime.supervisor.timing import TimerClock

SOURCE = "supervisor"
TELL_WITHIN = 0.002
"""Seconds after which a failure is told although the kernel is not RUNNING again."""


@dataclass(slots=True)
class Parts:
    clock: TimerClock
    bus: MemoryBus
    loader: KernelLoader
    make_context: Callable[[str, LogPort, Mapping[str, object]], KernelContext]
    """Kernel name, its log, its settings -> a context; the supervisor fills in its own callbacks."""
    open_log: Callable[[str], LogPort]
    load_state: Callable[[str], Mapping[str, object]]
    save_state: Callable[[str, Mapping[str, object]], None]
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Kernel name -> its table of grace.toml."""
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Kernel name -> fields of its spec that the workspace's settings decide."""
    source: Callable[[str], Source] | None = None
    """Kernel name -> where its class comes from; None: its file, as a task."""
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    changed: Callable[[], None] = lambda: None
    """Called whenever something a screen shows has changed."""
    may_load: anyio.Event | None = None
    """Kernels are loaded once this is set: the first screen comes first. None: at once."""


def move(parts: Parts, child: Child, state: KernelState, reason: str) -> None:
    """Move a kernel to another state and tell everybody."""
    old = child.state
    if state not in LEGAL[old]:
        raise IllegalMove(child.name, old, state)
    child.state, child.since, child.since_at = state, parts.clock.monotonic(), parts.clock.time()
    if state != "backing_off":
        child.next_try = None
    child.tell_moved()
    event = KernelStateChanged(child.name, old, state, reason)
    parts.bus.publish(event.topic, event, source=SOURCE)
    parts.changed()


def fail(parts: Parts, child: Child, failed: Failed) -> None:
    """Move a kernel to failed; why, with the live exception, is told once its restart is under way: that comes first.

    Whatever listens to a failure does so on the same loop, and takes longer than the restart of a kernel in a task.
    """
    tell(parts, child)
    if was_told := isinstance(failed.error, LoopBlocked | LoopBroken):
        failed = Failed("block", failed.error)
    child.error = text_of(failed.error)
    child.detail = f"failed in {failed.phase}"
    child.last_exit = exit_of(failed.error, child.error, failed.phase, parts.clock.time())
    move(parts, child, "failed", child.error)
    if was_told:  # the guard told it before it broke the kernel, with the stack that it had sampled
        return
    event = KernelFailed(child.name, failed.phase, parts.clock.time(), failed.error)
    child.untold = event, parts.clock.call_later(TELL_WITHIN, lambda: tell(parts, child))


def tell(parts: Parts, child: Child, *, running: str = "") -> None:
    """Publish the failure that has not been told yet; before the kernel is told to be `running` again, and why."""
    untold, child.untold = child.untold, None
    if untold is not None:
        untold[1].cancel()
        parts.bus.publish(KernelFailed.topic, untold[0], source=SOURCE, priority=PRIORITY_CRITICAL)
        # The line waits for a turn of its own: whoever waits for the kernel to run comes before the disk.
        asyncio.get_running_loop().call_soon(log_failure, child, untold[0].phase, untold[0].error)
    if running:
        move(parts, child, "running", running)


def publish_failure(parts: Parts, child: Child, failed: Failed) -> None:
    """Publish a failure that did not take the kernel down."""
    tell(parts, child)
    if isinstance(failed.error, LoopBlocked | LoopBroken):
        return
    event = KernelFailed(child.name, failed.phase, parts.clock.time(), failed.error)
    parts.bus.publish(event.topic, event, source=SOURCE, priority=PRIORITY_CRITICAL)
    log_failure(child, failed.phase, failed.error)


def log_failure(child: Child, phase: str, error: BaseException) -> None:
    child.log.error("failed", phase=phase, error=text_of(error))


def note_end(parts: Parts, child: Child, reason: str) -> None:
    """Keep that a run ended as it should."""
    child.last_exit = ExitRecord(parts.clock.time(), reason, child.phase, ok=True)


def save(parts: Parts, child: Child) -> None:
    """Keep what a running instance needs next time."""
    if not child.ending:
        keep_state(parts, child)


def keep_state(parts: Parts, child: Child) -> None:
    """Ask an instance for its state, also while it ends; one that cannot say loses its state, not its life."""
    if child.instance is None or child.state not in ("running", "paused"):
        return
    try:
        parts.save_state(child.name, child.instance.save_state())
    except BaseException as error:  # kernel code: its failure is reported, and the last saved state stays
        publish_failure(parts, child, Failed("save_state", error))


def end(parts: Parts, child: Child, why: str) -> None:
    """Have the running body ended by its life, if there is one."""
    if child.scope is None or child.ending:
        return
    if child.carries or drains(child):  # others end first, or it has something to finish
        child.ending = why
    else:
        save(parts, child)
        child.ending = why
        child.scope.cancel()
    child.gate.open()
    child.poke()


def break_off(child: Child, error: BaseException) -> None:
    """Cancel the running body as a failure: it hangs, or ignores its limits."""
    if child.scope is not None and not child.ending:
        child.ending, child.hung = "hung", error
        child.gate.open()
        child.scope.cancel()
        child.poke()


def drains(child: Child) -> bool:
    """Whether the kernel has something to finish before it is cancelled."""
    return child.instance is not None and type(child.instance).drain is not Kernel.drain


def text_of(error: BaseException) -> str:
    """What an error says, without secrets; a kernel's error class may fail even at that."""
    kind = error.kind if isinstance(error, RemoteFailure) else type(error).__name__
    try:
        said = str(error)
    except BaseException:
        return f"{kind}, whose text cannot be read"
    return f"{kind}: {redact(said)}" if said else kind
