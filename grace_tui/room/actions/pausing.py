"""Pausing kernels so that exactly this can be taken back.

What is kept of a pause is the time of the move: a kernel that was resumed, restarted or paused anew since has another
one, in this process or in a later one, and is left alone.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.runtime.supervisor.child import Child

if TYPE_CHECKING:
    from grace_tui.room.core import Room


def pause_all(room: "Room", children: Iterable[Child]) -> dict[str, float]:
    """Pause all of them, or none; returns what `resume_untouched` needs.

    Raises:
        ActionFailed: one is not running.
    """
    children = list(children)
    for child in children:
        if child.state != "running" or child.ending:
            raise ActionFailed(f"{child.name} is {child.state}; only a running kernel can be paused")
    for child in children:
        room.supervisor.pause(child.name)
    return {child.name: child.since_at for child in children}


def resume_untouched(room: "Room", paused: object) -> list[str]:
    """Resume those that are still held by the very pause that was kept."""
    if not isinstance(paused, Mapping):
        raise ActionFailed("what was kept to take this back does not say who was paused")
    held = [
        child
        for name, since in paused.items()
        if (child := room.supervisor.children.get(str(name))) and child.state == "paused" and child.since_at == since
    ]
    for child in held:
        room.supervisor.resume(child.name)
    return [child.name for child in held]
