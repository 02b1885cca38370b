"""What playbooks can do to an open room: implements `Actions` of `grace_tui.healing.playbooks.actions`.

Every act is in the audit log before it is carried out, and how it came out after it: who, what, of which run and
incident. The acts stand beside this file, one idea each; `catalogue` says what each takes.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, TypeVar

from grace_tui.healing.playbooks.actions import ActionFailed, ActionSpec, Call, Done
from grace_tui.kernel.errors import GraceError
from grace_tui.room.actions.act import Act
from grace_tui.room.actions.asked import Asked
from grace_tui.room.actions.catalogue import CATALOGUE

if TYPE_CHECKING:
    from grace_tui.room.core import Room

__all__ = ["CATALOGUE", "RoomActions"]

T = TypeVar("T")


class RoomActions:
    """Made once a room; its methods run on the supervisor's loop."""

    def __init__(self, room: "Room") -> None:
        self.room = room

    def catalogue(self) -> Mapping[str, ActionSpec]:
        return CATALOGUE

    def kernels(self) -> frozenset[str]:
        """Kernels that are supervised, of the settings, and known from before; groups of replicas among them."""
        room = self.room
        groups = {settings.group for settings in room.settings.kernels.values() if settings.group}
        return frozenset({*room.supervisor.children, *room.settings.kernels, *room.known.names, *groups})

    async def do(self, call: Call) -> Done:
        """Carry out one action.

        Raises:
            ActionFailed: it could not be done.
        """
        asked, act = self._find(call)
        return await self._told(call.action, asked, act.do(self.room, asked))

    async def undo(self, call: Call, undo: Mapping[str, object]) -> str:
        """Take back what `do` did; also after the process was started anew.

        Raises:
            ActionFailed: it could not be taken back; the text says what is left.
        """
        asked, act = self._find(call)
        if act.undo is None:
            raise ActionFailed(f"what {call.action} did cannot be taken back")
        return await self._told(f"{call.action}.undo", asked, act.undo(self.room, asked, undo))

    async def approved(self, call: Call) -> Done:
        """Go on with an action whose question a person answered with yes.

        Raises:
            ActionFailed: it could not be done, or it asks nothing.
        """
        asked, act = self._find(call)
        if act.approved is None:
            raise ActionFailed(f"{call.action} asks nothing")
        return await self._told(f"{call.action}.approved", asked, act.approved(self.room, asked))

    def _find(self, call: Call) -> tuple[Asked, Act]:
        if call.action not in CATALOGUE:
            raise ActionFailed(f"there is no action {call.action!r}")
        from grace_tui.room.actions.acts import ACTS  # nothing of it is needed before a playbook acts

        return Asked(call, CATALOGUE[call.action]), ACTS[call.action]

    async def _told(self, action: str, asked: Asked, work: Awaitable[T]) -> T:
        """Write down an act and how it came out; whatever it raised becomes ActionFailed."""
        self._audit(action, asked, asked.call.arguments)
        try:
            done = await work
        except asyncio.CancelledError:
            self._audit(f"{action}.cancelled", asked, {})
            raise
        except (GraceError, OSError, ValueError, KeyError) as error:
            text = str(error) or type(error).__name__
            self._audit(f"{action}.failed", asked, {"result": text})
            if isinstance(error, ActionFailed):
                raise
            raise ActionFailed(text) from error
        except Exception as error:  # a defect of one action must not end the run, nor the room
            self.room.trouble(f"action {action}", error)
            self._audit(f"{action}.failed", asked, {"result": repr(error)})
            raise ActionFailed(f"{action} broke: {type(error).__name__}: {error}") from error
        self._audit(f"{action}.done", asked, {"result": done.text if isinstance(done, Done) else str(done)})
        return done

    def _audit(self, action: str, asked: Asked, more: Mapping[str, object]) -> None:
        call = asked.call
        head = {"actor": call.by, "action": f"action.{action}", "resource": asked.resource, "subsystem": "actions"}
        self.room.parts.audit.append({**more, **head, "incident": call.incident.id, "run": call.run_id})
