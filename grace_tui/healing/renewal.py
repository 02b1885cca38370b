"""Keeps what was learned valid when signatures change: fixes of an earlier version get what their failure has now.

Called by the healer once, before the kernels start.
"""

from grace_tui.healing.incidents.signature import VERSION, sign
from grace_tui.healing.repair.knowledge import Knowledge
from grace_tui.healing.seams import Incidents


def renew(known: Knowledge, incidents: Incidents) -> tuple[tuple[str, str], ...]:
    """Sign the failures again that fixes were learned from, and return each signature that changed: (old, new).

    A fix whose incident is no longer remembered stays as it is: it is used where its signature is still the same.
    """
    changed = []
    for fix in known.all()[0]:
        if fix.signed == VERSION:
            continue
        incident = next((record for record in incidents.all() if record.signature == fix.signature), None)
        if incident is None:
            continue
        signature = sign(incidents.failure(incident.id)).strict
        known.resign(fix, signature)
        if signature != fix.signature:
            changed.append((fix.signature, signature))
    return tuple(changed)
