"""How a kernel stands, in words: from the fullest sentence to the fewest words that still tell it."""

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.text import shown, width_of
from grace_tui.faces.views import KernelView


def status(kernel: KernelView, width: int = 1_000) -> str:
    """Why a kernel is not simply running, and what is being done about it: the fullest form that fits `width`."""
    forms = _forms(kernel)
    if kernel.repair:
        doing = shown(kernel.repair)
        forms = [*(f"{form}, {doing}" for form in forms), f"⚙ {doing}"]
    return next((form for form in forms if width_of(form) <= width), forms[-1])


def _forms(kernel: KernelView) -> list[str]:
    """Longest first."""
    word = shown(marks.mark(marks.KERNEL, kernel.state).word)
    if kernel.cause:
        return _explained(kernel, word)
    if kernel.state == "backing_off" and kernel.next_try is not None:
        return _next_try(kernel, word)
    if kernel.state == "quarantined":
        return [*_quarantine(kernel), f"{word} {figures.duration(kernel.since)}", word, "given up"]
    if kernel.state in marks.DOWN or kernel.state == "paused":
        return [f"{word} {figures.duration(kernel.since)}", word]
    if kernel.state == "completed":
        return [f"{word} {figures.duration(kernel.since)} ago", word, "done"]
    if kernel.state in ("starting", "stopped") and kernel.waits_for:
        more = f" +{len(kernel.waits_for) - 1}" if len(kernel.waits_for) > 1 else ""
        return [f"waits for {names(kernel.waits_for)}", f"waits for {shown(kernel.waits_for[0])}{more}", "waiting"]
    return [word]


def _explained(kernel: KernelView, word: str) -> list[str]:
    """Down because of another: whose failure it is says more than its own."""
    cause = shown(kernel.cause)
    return [f"{word}, because {cause} failed", f"because {cause} failed", f"because {cause}", f"by {cause}", word]


def _next_try(kernel: KernelView, word: str) -> list[str]:
    when = f"next try {figures.seconds_spent(kernel.next_try)}"
    left = budget_left(kernel)
    forms = [f"{word}, {when}", when, f"try {figures.duration(kernel.next_try)}"]
    if not left:
        return forms
    return [f"{word}, {when} ({left})", f"{when} ({left})", f"{when}, {figures.short(kernel.budget)} left", *forms[1:]]


def _quarantine(kernel: KernelView) -> list[str]:
    """With its reason, which the supervisor gives with the state."""
    reason = shown(kernel.detail).partition(":")[0]
    return [reason] if reason.startswith("quarantined ") else []


def budget_left(kernel: KernelView) -> str:
    """`2 of 5 left`; empty where failures are not counted."""
    return f"{figures.short(kernel.budget)} of {figures.short(kernel.intensity)} left" if kernel.intensity else ""


def names(some: tuple[str, ...]) -> str:
    return ", ".join(map(shown, some))


def host_sign(kernel: KernelView) -> str:
    """The sign of where it runs, with the space before it; nothing for a task of the room."""
    mark = marks.HOST.get(kernel.isolation)
    return f" {mark.glyph}" if mark else ""


def vitals(kernel: KernelView) -> str:
    """CPU and memory of its own processes, in a column of fixed width."""
    if kernel.vitals is None:
        return ""
    return f"{figures.percent(kernel.vitals.cpu_percent):>5} {figures.size(kernel.vitals.rss_bytes):>5}"
