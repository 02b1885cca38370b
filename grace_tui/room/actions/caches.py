"""Actions on what can be made again: caches are let go of, an index is made anew.

A kernel says for itself what that means: by the hooks `clear_caches` and `rebuild_index` of `Kernel`.
"""

import ctypes
import functools
import gc
import linecache
import sys
from typing import TYPE_CHECKING

import anyio.to_thread
import psutil

from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.kernel.errors import GraceError
from grace_tui.room.actions.act import Act
from grace_tui.room.actions.asked import Asked
from grace_tui.room.actions.waiting import members
from grace_tui.room.asking import ask_kernel
from grace_tui.runtime.supervisor.child import Child

if TYPE_CHECKING:
    from grace_tui.room.core import Room

CORE = "room"
"""Whose incident names no kernel but the room itself."""
ASK_SECONDS = 10.0
MEGABYTE = 1 << 20


async def clear_caches(room: "Room", asked: Asked) -> Done:
    name = asked.kernel()
    children = () if name == CORE else members(room, name)
    own = psutil.Process()
    before = own.memory_info().rss
    told = [await _cleared(room, asked, child) for child in children]
    entries = await anyio.to_thread.run_sync(clear_core)
    after = own.memory_info().rss
    told.append(f"the core let go of {entries} entries")
    told.append(f"the room's memory is {after / MEGABYTE:.1f} MB, after {before / MEGABYTE:.1f} MB")
    return Done("; ".join(told))


async def rebuild_index(room: "Room", asked: Asked) -> Done:
    told = []
    for child in members(room, asked.kernel()):
        within = asked.seconds("within")
        said = await ask_kernel(room, asked.by, child.name, "rebuild_index", within=within)
        if not said:
            raise ActionFailed(f"{child.name} keeps no index")
        told.append(f"{child.name}: {said}")
    return Done("; ".join(told))


async def _cleared(room: "Room", asked: Asked, child: Child) -> str:
    """Ask one kernel; one that cannot answer does not keep the core from letting go of its own."""
    before = child.instance.vitals() if child.instance else None
    try:
        said = await ask_kernel(room, asked.by, child.name, "clear_caches", within=ASK_SECONDS)
    except GraceError as error:
        return f"{child.name} did not answer: {error}"
    after = child.instance.vitals() if child.instance else None
    words = f"{child.name} let go of {said}" if said else f"{child.name} keeps nothing that it could make again"
    if before is None or after is None:
        return words
    return f"{words}, and has {after.rss_bytes / MEGABYTE:.1f} MB, after {before.rss_bytes / MEGABYTE:.1f} MB"


def clear_core() -> int:
    """Empty what the core keeps only to be faster, and give free memory back to the system; returns the entries.

    The oldest generation is left to the collector's own time: a walk over every object would hold the loop.
    """
    entries = len(linecache.cache)
    linecache.clearcache()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "grace_tui":
            for found in list(vars(module).values()):
                # Only functions that forget by themselves: others keep what must stay one and the same.
                if isinstance(found, functools._lru_cache_wrapper) and found.cache_info().maxsize is not None:
                    entries += found.cache_info().currsize
                    found.cache_clear()
    gc.collect(1)
    _trim_heap()
    return entries


def _trim_heap() -> None:
    """Where the C library can, it gives back what nobody uses any more."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


ACTS = {"clear_caches": Act(clear_caches), "rebuild_index": Act(rebuild_index)}
