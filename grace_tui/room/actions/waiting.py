"""How actions wait for kernels: until one is where it should be, with the reason where it does not get there."""

from typing import TYPE_CHECKING

import anyio

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.states import DOWN

if TYPE_CHECKING:
    from grace_tui.room.core import Room

LOST = frozenset({"quarantined", "failed"})
"""States from which a kernel does not come back by itself."""


def members(room: "Room", name: str) -> tuple[Child, ...]:
    """The kernels that a name means: one, or all replicas of a group.

    Raises:
        GraceError: there is none of that name.
    """
    return tuple(room.supervisor.child(member) for member in room.settings.group(name))


async def until_running(child: Child, within: float) -> None:
    """Wait until a kernel is RUNNING (or has run to its end) with what is on disk now.

    Raises:
        ActionFailed: it is not in time, or does not start again by itself; the text has its last error.
    """
    with anyio.move_on_after(within):
        while not _runs(child) and not _is_lost(child):
            await child.moved.wait()
    if not _runs(child):
        raise ActionFailed(f"{child.name} is {child.state}, not running, {_after(child, within)}: {why(child)}")


async def until_stopped(child: Child, within: float) -> None:
    """
    Raises:
        ActionFailed: it has not stopped in time.
    """
    with anyio.move_on_after(within):
        while not is_stopped(child):
            await child.moved.wait()
    if not is_stopped(child):
        raise ActionFailed(f"{child.name} is {child.state} after {within:g} s; it was asked to stop")


def is_stopped(child: Child) -> bool:
    return not child.wanted and child.scope is None and child.state in ("stopped", "completed")


def why(child: Child) -> str:
    return child.error or child.detail or "no reason is known"


def _runs(child: Child) -> bool:
    if child.state == "completed" and not child.wanted:
        return True
    return child.state == "running" and not child.is_changing


def _is_lost(child: Child) -> bool:
    """Whether it stands still until somebody acts; `stale` says that somebody just did."""
    return child.state in LOST and not child.stale and child.loading is None


def _after(child: Child, within: float) -> str:
    return "and does not start again by itself" if child.state in DOWN and _is_lost(child) else f"after {within:g} s"
