"""Records as text for people: what the detail screens and the `show` verbs print. Pure but for the date."""

import time
from collections.abc import Sequence

from grace_tui.faces.views import KernelView
from grace_tui.kernel.records import AuditEntry, IncidentRecord, TaskRecord
from grace_tui.kernel.spelling import ago, duration

MARKS = {"passed": "✓", "failed": "✗", "running": "◔", "skipped": "-", "pending": "·"}


def kernel(view: KernelView, log: Sequence[str], now: float) -> str:
    """Everything about a kernel; `now` is the wall-clock time that `view` is from."""
    since = f", since {clock(view.since_at)}" if view.since_at else ""
    lines = [
        f"{view.name}: {view.state} for {duration(view.since)}{since}",
        view.doc,
        "",
        *fields(
            ("why", view.detail),
            ("last error", view.error),
            ("last exit", last_exit(view, now)),
            ("next try", "" if view.next_try is None else f"in {duration(view.next_try)}"),
            ("restarts", str(view.restarts)),
            ("failures", failures(view)),
            ("policy", f"{view.restart}, {view.strategy}"),
            ("waits for", ", ".join(view.waits_for)),
            ("waited by", ", ".join(view.waited_by)),
            ("requires", required(view)),
            ("needed by", ", ".join(view.needed_by) or "nobody"),
            ("runs as", view.isolation + (f"; moved: {view.moved}" if view.moved else "")),
            ("process", process(view)),
            ("held loop", f"{view.blocks}x" if view.blocks else ""),
            ("says", view.summary),
            ("work", f"{view.count} in all, {view.rate:g} a second"),
            ("last beat", "" if view.beat_age is None else ago(view.beat_age)),
            ("file", f"{view.path}  version {view.version or 'not loaded'}"),
            ("critical", "yes" if view.critical else "no"),
            ("tier", f"{view.tier}"),
            ("incident", view.incident_id),
            ("because of", f"{view.hidden_by}: {view.cause or 'another'} failed" if view.hidden_by else ""),
            ("repair", view.repair),
        ),
        "",
        "log",
        *(f"  {line}" for line in log or ["nothing yet"]),
    ]
    return "\n".join(lines)


def last_exit(view: KernelView, now: float) -> str:
    """How its last run ended, where and when."""
    last = view.last_exit
    if last is None:
        return ""
    where = f" in {last.phase}" if last.phase else ""
    return f"{last.reason}{where}, at {clock(last.at)}, {ago(now - last.at)}"


def failures(view: KernelView) -> str:
    """What is spent of its restarts, and what is left; empty where they are not counted."""
    if not view.intensity:
        return ""
    return f"{view.window_restarts} in the last {view.period:g} s, {view.budget} of {view.intensity} restarts left"


def process(view: KernelView) -> str:
    used = view.vitals
    if used is None:
        return ""
    uses = f"cpu {used.cpu_percent:.0f} %, rss {used.rss_bytes / 1024**2:.0f} M"
    return f"pid {used.pid}, {used.processes} in its tree, {uses}"


def required(view: KernelView) -> str:
    """What a kernel requires; a kernel that never loaded has not said."""
    return ", ".join(view.requires) or ("nothing" if view.version else "unknown until it loads")


def incident(record: IncidentRecord) -> str:
    lines = [
        f"{record.id}: {record.state}, seen {record.count}x",
        record.title,
        "",
        *fields(
            ("kernel", f"{record.kernel} (failed in {record.phase})"),
            ("error", f"{record.kind}: {record.message}"),
            ("provider", record.provider),
            ("owner", record.owner),
            ("being done", record.action),
            ("answered by", record.route),
            ("hidden by", record.hidden_by),
            ("storm", f"{record.variants} failures of other signatures are counted here" if record.variants else ""),
            ("task", record.task_id),
            ("signature", record.signature),
            ("opened", clock(record.opened_at)),
            ("last seen", clock(record.last_at)),
            ("resolved", clock(record.resolved_at) if record.resolved_at else ""),
            ("evidence", record.bundle),
        ),
        *hides(record),
        "",
        incident_more(record),
    ]
    return "\n".join(lines)


def hides(record: IncidentRecord) -> list[str]:
    """The failures of others that it explains: they have no incident of their own."""
    lines = [f"  {one.kernel}: {one.title}, {one.count}x, last {clock(one.last_at)}" for one in record.hides]
    return ["", "hides", *lines] if lines else []


def incident_more(record: IncidentRecord) -> str:
    """Why it is one incident, what was done about it, and when."""
    acts = [f"  {clock(at)} {who}: {what}" for at, who, what in record.timeline]
    return "\n".join([*why_grouped(record), "", "timeline", *acts, ""])


def why_grouped(record: IncidentRecord) -> list[str]:
    """The parts that failures of one incident share, and what was said or seen and does not count."""
    lines = ["why grouped", *(f"  {part}" for part in record.parts)]
    if record.group:
        lines.append(f"  counted as {record.group}; a fix is replayed by {record.signature}")
    lines += [f"  budgets count {record.coarse}"]
    return lines + ["", "left out of the signature", *(f"  {part}" for part in record.left_out)] * bool(record.left_out)


def why(
    view: KernelView | None, incident_record: IncidentRecord | None, task_record: TaskRecord | None, decisions: str
) -> str:
    lines: list[str] = []
    if view is not None:
        lines += [f"{view.name} is {view.state}: {view.detail or view.summary or 'its probe is green'}", ""]
    if incident_record is not None:
        done = incident_record.action or "nothing done yet"
        lines += [f"{incident_record.id} is {incident_record.state}: {done}", ""]
        lines += [f"  {clock(at)} {who}: {what}" for at, who, what in incident_record.timeline]
    if task_record is not None:
        lines += [f"{task_record.id} is {task_record.state}: {task_record.detail or task_record.title}", ""]
    return "\n".join([*lines, "", "decisions", decisions])


def ladder(rungs: Sequence[str]) -> str:
    """What would be done about an incident now, and what was considered before it."""
    return "\n".join(["", "", "the answer, as it stands", *(f"  {rung}" for rung in rungs)])


def audit_line(entry: AuditEntry) -> str:
    words = (str(entry.record.get(key, "")) for key in ("actor", "action", "resource"))
    return f"{entry.sequence:>6} {clock(entry.at)} {' '.join(words)}"


def fields(*pairs: tuple[str, str]) -> list[str]:
    """Aligned lines for the pairs that have a value."""
    return [f"{label:<11} {value}" for label, value in pairs if value]


def clock(at: float) -> str:
    """The time of day; of another day with its date."""
    when = time.localtime(at)
    form = "%H:%M:%S" if when[:3] == time.localtime()[:3] else "%Y-%m-%d %H:%M:%S"
    return time.strftime(form, when)
