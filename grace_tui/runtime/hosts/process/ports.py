"""What of the core a kernel's process may ask for: exactly the names in the Protocols of `grace_tui.kernel.ports`.

Both ends read these tables: the child makes its proxies from them, the room serves nothing that is not in them.
"""

import inspect
from collections.abc import Awaitable
from functools import cache
from typing import Any, Literal, get_origin, get_type_hints

from grace_tui.kernel import ports
from grace_tui.kernel.context import KernelContext

Way = Literal["sync", "async", "property", "note"]
"""How a name is asked for: a call that is waited for where it stands, one that is awaited, a value, or a word on the
way that nobody answers."""

LOG, BUS, CLOCK, KEPT = "log", "bus", "clock", "kept"
SERVED: dict[str, type] = {
    LOG: ports.LogPort,
    BUS: ports.BusPort,
    "audit": ports.AuditPort,
    "incidents": ports.IncidentPort,
    "tasks": ports.TaskPort,
    "healer": ports.HealerPort,
    "playbooks": ports.PlaybookPort,
    "snapshots": ports.SnapshotPort,
    "room": ports.RoomPort,
}
"""Field of KernelContext -> its Protocol. The workspace's folders are told once, and the time is the machine's."""


@cache
def names_of(protocol: type) -> dict[str, Way]:
    """Every public name of a Protocol, and how it is asked for."""
    return {
        name: _way(protocol, member)
        for base in protocol.__mro__
        for name, member in vars(base).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    }


def served(context: KernelContext, clock: bool) -> dict[str, tuple[Any, dict[str, Way]]]:
    """Port -> the object behind it and the names it answers to; with `clock` the time is one, as in a test."""
    table = {port: (getattr(context, port), names_of(protocol)) for port, protocol in SERVED.items()}
    if clock:
        table[CLOCK] = (context.clock, names_of(ports.Clock))
    return table


def _way(protocol: type, member: object) -> Way:
    if isinstance(member, property):
        return "property"
    if inspect.iscoroutinefunction(member):
        return "async"
    answer = get_type_hints(member).get("return")
    if get_origin(answer) is Awaitable:
        return "async"
    # A log refuses nothing: its lines need no answer, and so cost no waiting.
    return "note" if protocol is ports.LogPort and answer is type(None) else "sync"
