"""What a person must know of the room's database: what could not be read at opening, and what is not kept now."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grace_tui.room.core import Room

NAME = "incidents"
UNREADABLE = f"{NAME} unreadable"
NAMED = 3
"""Rows that a warning names; the room's log has all."""


def tell_stored(room: "Room") -> None:
    """Once, at opening: what was put aside, and which rows stay unread."""
    parts = room.parts
    path = parts.workspace.state / "room.db"
    told = [parts.store.notice] if parts.store.notice else []
    problems = [f"{path}: incident {row} cannot be read: {why}" for row, why in parts.book.unreadable.items()]
    for problem in problems:
        parts.log.warning(f"{problem}; the row stays as it is")
    left = f" (and {len(problems) - NAMED} more; the room's log names them)" if len(problems) > NAMED else ""
    told += ["; ".join(problems[:NAMED]) + left] if problems else []
    room.warn(UNREADABLE, "; ".join(told))


def tell_kept(room: "Room") -> None:
    """Each second: whether what happens now would be forgotten."""
    problem = room.parts.book.problem
    room.warn(NAME, f"incidents are not remembered at the moment: {problem}" if problem else "")
