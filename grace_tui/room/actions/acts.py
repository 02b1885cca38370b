"""Every act by the name that the catalogue has for it. Imported at the first one."""

from collections.abc import Mapping

from grace_tui.room.actions import (
    access,
    caches,
    checks,
    files,
    handing_on,
    hosts,
    life,
    load,
    logs,
    notes,
    queues,
    scale,
    stacks,
)
from grace_tui.room.actions.act import Act

ACTS: Mapping[str, Act] = {
    **life.ACTS,
    **hosts.ACTS,
    **scale.ACTS,
    **load.ACTS,
    **queues.ACTS,
    **caches.ACTS,
    **files.ACTS,
    **logs.ACTS,
    **checks.ACTS,
    **stacks.ACTS,
    **handing_on.ACTS,
    **access.ACTS,
    **notes.ACTS,
}
