"""What one entry of the table of acts is; each module beside this one offers some."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.actions import Done
from grace_tui.room.actions.asked import Asked

if TYPE_CHECKING:
    from grace_tui.room.core import Room

Undo = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Act:
    """Refusals are ActionFailed, or any GraceError: it is told with the same words."""

    do: "Callable[[Room, Asked], Awaitable[Done]]"
    undo: "Callable[[Room, Asked, Undo], Awaitable[str]] | None" = None
    approved: "Callable[[Room, Asked], Awaitable[Done]] | None" = None
    """Goes on after a person's yes."""
