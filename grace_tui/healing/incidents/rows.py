"""Rows of the incident book as values: how one begins, and how its timeline grows. Pure."""

from collections.abc import Hashable
from dataclasses import replace
from typing import TypedDict

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.capture import chain_of, leaf_of, text_of, trace_of
from grace_tui.healing.incidents.places import is_own
from grace_tui.healing.incidents.signature import Signature
from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.events import KernelFailed
from grace_tui.kernel.records import IncidentRecord

FIRST_LINES, LAST_LINES = 20, 180
"""How much of a long timeline is kept."""
TITLE_LIMIT = 160

TRIGGER = "trigger"
"""The phase of an incident that was reported, not raised."""


def opened(incident_id: str, failure: Failure, signature: Signature, by: str) -> IncidentRecord:
    """The row that a failure opens."""
    return IncidentRecord(
        id=incident_id,
        kernel=failure.kernel,
        phase=failure.phase,
        kind=failure.kind,
        message=failure.message,
        title=_title(failure),
        signature=signature.strict,
        coarse=signature.coarse,
        state="open",
        opened_at=failure.at,
        last_at=failure.at,
        count=1,
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
    """The row with one more line in its timeline; a long one loses its middle."""
    lines = (*record.timeline, (at, by, text))
    if len(lines) > FIRST_LINES + LAST_LINES:
        lines = lines[:FIRST_LINES] + lines[-LAST_LINES:]
    return replace(record, timeline=lines)


def cheap_key(failed: KernelFailed) -> Hashable:
    """Equal keys have equal signatures, so a storm of one failure is looked at closely only once.

    None where the signature depends on more than type, text and functions.
    """
    leaf, groups = leaf_of(failed.error)
    told_elsewhere = issubclass(type(leaf), RemoteFailure) or "remote_failure" in object.__getattribute__(
        leaf, "__dict__"
    )
    if groups or told_elsewhere or issubclass(type(leaf), SyntaxError):
        return None
    codes = tuple((frame.f_code.co_filename, frame.f_code.co_qualname) for frame, _ in trace_of(leaf))
    chain = tuple((type(link).__name__, text_of(link)) for link in chain_of(leaf))
    return failed.kernel, failed.phase, type(leaf).__name__, text_of(leaf), chain, codes


class _Grouped(TypedDict):
    group: str
    parts: tuple[str, ...]
    left_out: tuple[str, ...]


def _grouped(signature: Signature) -> _Grouped:
    group = "" if signature.group == signature.strict else signature.group
    return {"group": group, "parts": signature.parts, "left_out": signature.left_out}


def _title(failure: Failure) -> str:
    first = failure.message.strip().partition("\n")[0]
    title = f"{failure.kind}: {first}" if first else failure.kind
    return title if len(title) <= TITLE_LIMIT else f"{title[: TITLE_LIMIT - 1]}…"


def _provider(failure: Failure) -> str:
    """The file whose interface broke, where the failure itself says so and it is the workspace's own."""
    file = failure.callee.file if failure.callee else failure.missing[2] if failure.missing else ""
    return file if is_own(file) else ""
