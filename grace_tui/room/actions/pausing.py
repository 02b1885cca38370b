"""Pausing kernels so that exactly this can be taken back.

What is kept of a pause is the time of the move: a kernel that was resumed, restarted or paused anew since has another
one, in this process or in a later one, and is left alone.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.room.actions.asked import Asked
from grace_tui.runtime.supervisor.child import Child

if TYPE_CHECKING:
    from grace_tui.room.core import Room


def pause_all(room: "Room", children: Sequence[Child], asked: Asked, why: str = "") -> dict[str, float]:
    """Pause all of them in this order, or none; returns what `resume_untouched` needs.

    Raises:
        ActionFailed: one is not running, or asks for this itself and would never go on.
    """
    for child in children:
        if child.name == asked.by:
            raise ActionFailed(f"{child.name} runs this playbook; it cannot pause itself")
        if child.state != "running" or child.ending:
            raise ActionFailed(f"{child.name} is {child.state}; only a running kernel can be paused")
    for child in children:
        reason = " ".join(("paused", why)).strip()
        room.supervisor.pause(child.name, f"{reason} by {asked.by} for {asked.call.incident.id}")
    return {child.name: child.since_at for child in children}


def resume_untouched(room: "Room", paused: object) -> list[str]:
    """Resume those that are still held by the very pause that was kept, the last one first."""
    if not isinstance(paused, Mapping):
        raise ActionFailed("what was kept to take this back does not say who was paused")
    children = room.supervisor.children
    held = [name for name, since in reversed(list(paused.items())) if _is_held(children.get(name), since)]
    for name in held:
        room.supervisor.resume(name)
    return held


def _is_held(child: Child | None, since: object) -> bool:
    return child is not None and child.state == "paused" and not child.ending and child.since_at == since
