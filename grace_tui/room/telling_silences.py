"""Silences as text for people and as views for screens. Pure, but for the silences that it reads."""

import time

from grace_tui.faces.views import SilenceView
from grace_tui.healing.incidents.matching import in_words
from grace_tui.healing.incidents.silences import Silences
from grace_tui.kernel.records import IncidentRecord, SilenceHit, SilenceRecord
from grace_tui.kernel.spelling import duration, plural
from grace_tui.room.telling import fields

ENDED_SHOWN = 50


def silence(silences: Silences, record: SilenceRecord, now: float) -> str:
    """Everything about a silence; `now` is wall-clock time."""
    ledger, (hidden, failures) = silences.ledger.of(record.id), silences.ledger.totals(record.id)
    lines = [
        f"{record.id}: {_state(silences, record, now)}",
        in_words(record.matcher),
        "",
        *fields(
            ("reason", record.reason),
            ("by", record.by),
            ("began", moment(record.starts_at)),
            ("ended" if record.ends_at <= now else "ends", moment(record.ends_at)),
            ("hid", f"{plural(hidden, 'incident')}, {plural(failures, 'failure')}"),
        ),
        "",
        "ledger",
        *([f"  {_line(line)}" for line in ledger] or ["  it hid nothing yet"]),
    ]
    return "\n".join(lines)


def _state(silences: Silences, record: SilenceRecord, now: float) -> str:
    if silences.is_active(record):
        return f"in force for {duration(record.ends_at - now)}"
    return f"ended by {record.ended_by}" if record.ended_by else "ended"


def _line(line: SilenceHit) -> str:
    """What it was hidden with is no failure of its time."""
    when = f"{moment(line.first_at)} to {moment(line.last_at)}" if line.count else "not since it is hidden"
    return f"{line.incident_id}  {line.kernel}  {line.count}x  {when}  {line.title}"


def explained(silences: Silences, record: IncidentRecord) -> str:
    """Which silence hides an incident, and why; empty where none does."""
    silence = silences.get(record.hidden_by) if record.state == "suppressed" else None
    if silence is None:
        return ""
    ends = moment(silence.ends_at)
    return f"hidden by silence {silence.id} until {ends}, by {silence.by}: {silence.reason}"


def views(silences: Silences) -> tuple[SilenceView, ...]:
    """In force first, the next to end at the top; then those that ended, the last first."""
    active = sorted(silences.active(), key=lambda silence: silence.ends_at)
    ended = [silence for silence in silences.all() if not silences.is_active(silence)]
    ended.sort(key=lambda silence: silence.ends_at, reverse=True)
    return tuple(view(silences, silence) for silence in (*active, *ended[:ENDED_SHOWN]))


def view(silences: Silences, silence: SilenceRecord) -> SilenceView:
    hidden, failures = silences.ledger.totals(silence.id)
    return SilenceView(
        id=silence.id,
        matcher=in_words(silence.matcher),
        reason=silence.reason,
        by=silence.by,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        ended_by=silence.ended_by,
        hidden=hidden,
        failures=failures,
    )


def moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
