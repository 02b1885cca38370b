"""The files of a bundle, made of what was gathered. Called in the evidence's thread; every text is redacted here."""

from collections.abc import Callable, Iterable, Mapping
from heapq import nlargest
from pathlib import Path

import msgspec

from grace_tui.healing.incidents.codec import encode
from grace_tui.healing.incidents.evidence.bundle import Part
from grace_tui.healing.incidents.evidence.facts import clean, resources, versions
from grace_tui.healing.incidents.evidence.seen import settle
from grace_tui.healing.incidents.evidence.sources import BusLook, Gathered
from grace_tui.healing.incidents.evidence.traces import render
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.redact import LineRedactor, redact

TOPICS = 20
RELATED = 50
CHANGES, GIT, LOG = "changes.diff", "changes.git.diff", "kernel.log"
LATER: Mapping[str, str] = {
    CHANGES: "the workspace's files since the kernel was last well, from a snapshot",
    GIT: "the working tree against the last commit of git",
}
"""Parts that take longer than a bundle may, and what they hold."""
LOG_SAYS = "the kernel's log up to the failure"
AFTERWARDS = "---- what it wrote afterwards"


def first_parts(gathered: Gathered, root: Path) -> tuple[Part, ...]:
    """All that a bundle has when it is whole, the most telling first: what is too much in all is cut from the end."""
    seen = settle(gathered.seen, gathered.failure, root)
    failure = gathered.failure
    made = (
        ("traceback.txt", "the failure, with the workspace's sources", lambda: redact(render(gathered.trace, failure))),
        ("provider.json", "whose interface failed, and how that was found", lambda: _json(seen.provider)),
        ("locals.json", "variables of the workspace's frames, innermost first", lambda: _json(seen.frames)),
        (LOG, LOG_SAYS, lambda: _log(gathered.log.lines)),
        ("incident.json", "the incident as it began, with what it was measured by", lambda: _json(gathered.record)),
        ("failure.json", "what diagnosis and repairs go by", lambda: _json(failure)),
        ("beats.json", "the kernel's state, beats and restarts", lambda: _json(gathered.beats)),
        ("bus.json", "what the bus carried and lost, and the kernel's mailboxes", lambda: _json(_bus(gathered))),
        ("resources.json", "what the host and the room's process use", lambda: _json(_resources(gathered, root))),
        ("related.json", "incidents that were open, or are alike", lambda: _json(_related(gathered))),
        ("settings.json", "the settings in force", lambda: _json(gathered.settings)),
        ("versions.json", "the software", lambda: _json(versions())),
    )  # fmt: skip
    without = {"locals.json": seen.missing, **gathered.lost}
    parts = [_part(name, says, make, without.get(name, "")) for name, says, make in made]
    later = (Part(name, says, follows=True) for name, says in LATER.items())
    return (*parts, *later)


def log_with_after(before: Iterable[str], after: Iterable[str]) -> Part:
    """The log again, with what the kernel wrote after its failure."""
    text = _log([*before, AFTERWARDS, *(list(after) or ["nothing"])])
    return Part(LOG, f"{LOG_SAYS}, and a moment after", text)


def _part(name: str, says: str, make: Callable[[], str], missing: str) -> Part:
    if missing:
        return Part(name, says, missing=missing)
    try:
        return Part(name, says, make())
    except Exception as error:  # one part that cannot be made costs itself; the index says so
        return Part(name, says, missing=f"it could not be made: {type(error).__name__}: {error}")


def _log(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in LineRedactor().clean(list(lines)))


def _bus(gathered: Gathered) -> Mapping[str, object]:
    look = gathered.bus
    return {} if look is None else _told(look, gathered.record.kernel)


def _told(look: BusLook, kernel: str) -> Mapping[str, object]:
    told = look.all
    topics = nlargest(TOPICS, told.topics.items(), key=lambda topic: topic[1])
    return {
        "published": told.published,
        "delivered": told.delivered,
        "dropped": told.dropped,
        "denied": told.denied,
        "dead_letters": told.dead_letters,
        "subscriptions": told.subscriptions,
        "waiting": {"all": sum(told.depths.values()), kernel: told.depths.get(kernel, 0)},
        "mailboxes": look.own,
        "topics": dict(topics),
        "other_topics": len(told.topics) - len(topics),
    }


def _resources(gathered: Gathered, root: Path) -> Mapping[str, object]:
    return {**resources(root), "room": gathered.measured}


def _related(gathered: Gathered) -> list[dict[str, object]]:
    return [_brief(other, gathered.record) for other in gathered.related[:RELATED]]


def _brief(other: IncidentRecord, record: IncidentRecord) -> dict[str, object]:
    return {
        "id": other.id,
        "kernel": other.kernel,
        "title": other.title,
        "state": other.state,
        "count": other.count,
        "signature": other.signature,
        "same_coarse_signature": other.coarse == record.coarse,
    }


def _json(value: object) -> str:
    return msgspec.json.format(encode(clean(value)), indent=2).decode() + "\n"
