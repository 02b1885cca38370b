"""Rows of the incident book as values: how one begins, what happens to it, and how its timeline grows. Pure."""

from dataclasses import replace
from typing import TypedDict

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.places import is_own
from grace_tui.healing.incidents.signature import Signature
from grace_tui.kernel.records import HiddenFailure, IncidentRecord, IncidentState

FIRST_LINES, LAST_LINES = 20, 180
"""How much of a long timeline is kept."""
TITLE_LIMIT = 160
TITLES_A_KERNEL = 5
"""Failures of one kernel that are told apart where another's incident hides them."""

TRIGGER = "trigger"
"""The phase of an incident that was reported, not raised."""
CAME_BACK = "reopened: happened again"
"""The line of a timeline by which a resolved incident comes back with a failure, not by an act."""


def opened(incident_id: str, failure: Failure, signature: Signature, by: str, times: int = 1) -> IncidentRecord:
    """The row that a failure opens, or so many of them."""
    return IncidentRecord(
        id=incident_id,
        kernel=failure.kernel,
        phase=failure.phase,
        kind=failure.kind,
        message=failure.message,
        title=title_of(failure),
        signature=signature.strict,
        coarse=signature.coarse,
        state="open",
        opened_at=failure.at,
        last_at=failure.at,
        count=times,
        provider=_provider(failure),
        timeline=((failure.at, by, f"opened: {failure.kind} in {failure.phase}"),),
        **_grouped(signature),
    )


def signed_anew(record: IncidentRecord, signature: Signature) -> IncidentRecord:
    """The row with the signature of another failure of its group: the one that a repair would now be for."""
    return replace(record, signature=signature.strict, coarse=signature.coarse, **_grouped(signature))


def group_of(record: IncidentRecord) -> str:
    return record.group or record.signature


def with_line(record: IncidentRecord, at: float, by: str, text: str) -> IncidentRecord:
    """The row with one more line in its timeline, which never goes back in time; a long one loses its middle."""
    if record.timeline:
        at = max(at, record.timeline[-1][0])
    lines = (*record.timeline, (at, by, text))
    if len(lines) > FIRST_LINES + LAST_LINES:
        lines = lines[:FIRST_LINES] + lines[-LAST_LINES:]
    return replace(record, timeline=lines)


def counted(record: IncidentRecord, at: float, *, variant: bool = False, times: int = 1) -> IncidentRecord:
    """The row with one more failure, or so many; a variant is one of another signature."""
    count, variants = record.count + times, record.variants + times * variant
    return replace(record, count=count, variants=variants, last_at=max(at, record.last_at))


def came_back(
    record: IncidentRecord, at: float, now: float, by: str, *, variant: bool = False, times: int = 1
) -> IncidentRecord:
    """The row of a failure that happened again after it was resolved, or while its kernel's run was watched."""
    record = counted(record, at, variant=variant, times=times)
    record = replace(record, state="reopened", resolved_at=None, action="", hidden_by="")
    return with_line(record, now, by, CAME_BACK)


def came_at(record: IncidentRecord) -> float:
    """When its failures began, or began again."""
    return max((at for at, _, text in record.timeline if text == CAME_BACK), default=record.opened_at)


def moved(record: IncidentRecord, state: IncidentState, now: float, by: str, reason: str) -> IncidentRecord:
    """The row in another state, or in the same for another reason."""
    resolved_at = now if state == "resolved" else None
    hidden_by = record.hidden_by if state == "suppressed" else ""
    record = replace(record, state=state, action=reason, resolved_at=resolved_at, hidden_by=hidden_by)
    return with_line(record, now, by, f"{state}: {reason}")


def hidden(record: IncidentRecord, what: str, now: float, by: str, reason: str) -> IncidentRecord:
    """The row while `what`, a silence or an incident, hides it."""
    return replace(moved(record, "suppressed", now, by, reason), hidden_by=what)


def hiding(record: IncidentRecord, kernel: str, title: str, at: float, count: int = 1) -> IncidentRecord:
    """The row of a cause, with failures of another kernel that it explains."""
    mine = [place for place, found in enumerate(record.hides) if found.kernel == kernel]
    same = next((place for place in mine if record.hides[place].title == title), None)
    if same is None and len(mine) < TITLES_A_KERNEL:
        new = HiddenFailure(kernel, title, count, at, at)
        return with_line(
            replace(record, hides=(*record.hides, new)), at, "room", f"hides a failure of {kernel}: {title}"
        )
    place = mine[-1] if same is None else same
    old = record.hides[place]
    again = replace(old, count=old.count + count, last_at=max(at, old.last_at))
    return replace(record, hides=(*record.hides[:place], again, *record.hides[place + 1 :]))


def title_of(failure: Failure) -> str:
    first = failure.message.strip().partition("\n")[0]
    title = f"{failure.kind}: {first}" if first else failure.kind
    return title if len(title) <= TITLE_LIMIT else f"{title[: TITLE_LIMIT - 1]}…"


class _Grouped(TypedDict):
    group: str
    parts: tuple[str, ...]
    left_out: tuple[str, ...]


def _grouped(signature: Signature) -> _Grouped:
    group = "" if signature.group == signature.strict else signature.group
    return {"group": group, "parts": signature.parts, "left_out": signature.left_out}


def _provider(failure: Failure) -> str:
    """The file whose interface broke, where the failure itself says so and it is the workspace's own."""
    file = failure.callee.file if failure.callee else failure.missing[2] if failure.missing else ""
    return file if is_own(file) else ""
