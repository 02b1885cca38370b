"""Shedding load: pause kernels of the outer tiers, lightest loss first, and resume exactly those.

Who is paused is known to this process alone, and to the run that asked: a room that is opened anew starts every kernel,
so nothing stays paused over a crash.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.kernel.records import KernelRecord
from grace_tui.room.actions.act import Act, Undo
from grace_tui.room.actions.asked import Asked
from grace_tui.room.actions.pausing import pause_all, resume_untouched

if TYPE_CHECKING:
    from grace_tui.room.core import Room

AT_REST = frozenset({"stopped", "completed"})


async def shed_load(room: "Room", asked: Asked) -> Done:
    tier, most = asked.number("tier", 1, 3), asked.number("most", 1, 1000)
    chosen = to_shed(room.supervisor.records(), tier)[:most]
    if not chosen:
        raise ActionFailed(f"no running kernel of tier {tier} or more can be paused")
    children = [room.supervisor.child(record.name) for record in chosen]
    paused = pause_all(room, children, asked, "to shed load")
    room.shed.update(paused)
    return Done(f"paused {_told(chosen)}", undo={"paused": paused})


async def shed_load_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    return _restored(room, undo.get("paused"))


async def restore_load(room: "Room", asked: Asked) -> Done:
    return Done(_restored(room, room.shed))


def to_shed(records: Sequence[KernelRecord], tier: int) -> list[KernelRecord]:
    """Running kernels that may be paused, in the order in which they are: the highest tier first; pure.

    Whoever requires a kernel comes before it, so that none runs without what it requires wherever the list is cut.
    """
    weights = weigh(records)
    left = {record.name: record for record in records if record.state == "running" and weights[record.name] >= tier}
    order = list[KernelRecord]()
    while left:
        ready = [record for record in left.values() if left.keys().isdisjoint(record.needed_by)]
        # None is ready in a circle, which cannot have started.
        first = max(ready or left.values(), key=lambda record: (weights[record.name], record.priority, record.name))
        order.append(left.pop(first.name))
    return order


def weigh(records: Sequence[KernelRecord]) -> Mapping[str, int]:
    """A kernel's tier, or the lowest of those that require it, directly or through others, and are to run."""
    by_name = {record.name: record for record in records}
    weights = {record.name: record.tier for record in records}
    left = [record.name for record in records if record.state not in AT_REST]
    while left:
        record = by_name[left.pop()]
        for provider in record.requires:
            if weights.get(provider, 0) > weights[record.name]:
                weights[provider] = weights[record.name]
                left.append(provider)
    return weights


def _restored(room: "Room", paused: object) -> str:
    resumed = resume_untouched(room, paused)
    for name in resumed:
        room.shed.pop(name, None)
    return f"resumed {', '.join(resumed)}" if resumed else "nobody is held by it any more"


def _told(records: Sequence[KernelRecord]) -> str:
    return ", ".join(f"{record.name} (tier {record.tier})" for record in records)


ACTS = {"shed_load": Act(shed_load, shed_load_undo), "restore_load": Act(restore_load)}
