"""What the supervisor is given by the composition root, and the acts on a kernel: move, fail, save, end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio

from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.events import KernelFailed, KernelStateChanged
from grace_tui.kernel.ports import BusPort, Clock, LogPort
from grace_tui.kernel.records import PRIORITY_CRITICAL, KernelState
from grace_tui.runtime.hosts.source import Source
from grace_tui.runtime.reload.loader import KernelLoader
from grace_tui.runtime.supervisor.body import Failed
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.policy import RestartPolicy
from grace_tui.runtime.supervisor.states import LEGAL, IllegalMove

SOURCE = "supervisor"


@dataclass(slots=True)
class Parts:
    clock: Clock
    bus: BusPort
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
    child.state, child.since = state, parts.clock.monotonic()
    if state != "backing_off":
        child.next_try = None
    child.tell_moved()
    event = KernelStateChanged(child.name, old, state, reason)
    parts.bus.publish(event.topic, event, source=SOURCE)
    parts.changed()


def fail(parts: Parts, child: Child, failed: Failed) -> None:
    """Move a kernel to failed and publish why, with the live exception."""
    child.error = text_of(failed.error)
    child.detail = f"failed in {failed.phase}"
    move(parts, child, "failed", child.error)
    publish_failure(parts, child, failed)


def publish_failure(parts: Parts, child: Child, failed: Failed) -> None:
    """Publish a failure that need not have taken the kernel down."""
    child.log.error("failed", phase=failed.phase, error=text_of(failed.error))
    event = KernelFailed(child.name, failed.phase, parts.clock.time(), failed.error)
    parts.bus.publish(event.topic, event, source=SOURCE, priority=PRIORITY_CRITICAL)


def save(parts: Parts, child: Child) -> None:
    """Keep what the instance needs next time; a kernel that cannot say loses its state, not its life."""
    if child.instance is None or child.ending or child.state not in ("running", "paused"):
        return
    try:
        parts.save_state(child.name, child.instance.save_state())
    except Exception as error:  # kernel code: its failure is reported, and the last saved state stays
        publish_failure(parts, child, Failed("save_state", error))


def end(parts: Parts, child: Child, why: str) -> None:
    """Cancel the running body, if there is one, after its state was saved."""
    if child.scope is None or child.ending:
        return
    save(parts, child)
    child.ending = why
    child.scope.cancel()


def release(child: Child) -> None:
    """Let a paused kernel go on."""
    if child.resumed is not None:
        child.resumed.set()
        child.resumed = None


def text_of(error: BaseException) -> str:
    """What an error says; a kernel's error class may fail even at that."""
    kind = type(error).__name__
    try:
        said = str(error)
    except Exception:
        return f"{kind}, whose text cannot be read"
    return f"{kind}: {said}" if said else kind
