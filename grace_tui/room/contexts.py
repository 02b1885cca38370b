"""What the supervisor is told of the room, and the context each kernel gets of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio

from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.ports import LogPort
from grace_tui.runtime.supervisor import Parts, RestartPolicy

if TYPE_CHECKING:
    from grace_tui.room.core import Room


def supervision(room: "Room", may_load: anyio.Event | None) -> Parts:
    """The supervisor's parts, made from the room's."""
    parts, limits = room.parts, room.settings.supervisor
    return Parts(
        clock=parts.clock,
        bus=parts.bus,
        loader=parts.loader,
        make_context=lambda name, log, settings: make_context(room, name, log, settings),
        open_log=parts.kernel_log,
        load_state=parts.states.load,
        save_state=parts.states.save,
        settings={name: table.options for name, table in room.settings.kernels.items()},
        overrides={name: table.overrides for name, table in room.settings.kernels.items()},
        source=room.sources,
        policy=RestartPolicy(
            intensity=limits.intensity,
            period=limits.period,
            base=limits.backoff_base,
            factor=limits.backoff_factor,
            cap=limits.backoff_cap,
            jitter=limits.backoff_jitter,
            healthy_after=limits.healthy_after,
        ),
        changed=room.changed,
        may_load=may_load,
    )


def make_context(room: "Room", name: str, log: LogPort, settings: Mapping[str, object]) -> KernelContext:
    """A kernel's view of the core; the supervisor replaces `resolve` by one that knows who asks."""
    parts = room.parts

    async def resolve(provider: str) -> object:
        return await room.supervisor.resolve(name, provider)

    return KernelContext(
        name=name,
        clock=parts.clock,
        log=log,
        bus=parts.bus,
        audit=parts.audit,
        incidents=parts.book,
        tasks=parts.queue,
        healer=room.healer,
        playbooks=room.playbooks,
        snapshots=parts.snapshots,
        room=room,
        workspace=parts.workspace,
        resolve=resolve,
        settings=settings,
        took=parts.calls.note,
    )
