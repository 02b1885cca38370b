"""The sign, the colour and the word of every state. A state is never told by colour alone."""

from collections.abc import Mapping
from typing import NamedTuple


class Mark(NamedTuple):
    glyph: str
    ink: str
    """Name of a style in Inks."""
    word: str


KERNEL: Mapping[str, Mark] = {
    "running": Mark("●", "ok", "running"),
    "starting": Mark("◐", "accent", "starting"),
    "stopped": Mark("○", "muted", "stopped"),
    "paused": Mark("‖", "warn", "paused"),
    "completed": Mark("✓", "ok", "completed"),
    "failed": Mark("✖", "strong_bad", "failed"),
    "backing_off": Mark("◌", "strong_bad", "backing off"),
    "quarantined": Mark("■", "strong_bad", "quarantined"),
}
HOST: Mapping[str, Mark] = {
    "process": Mark("&", "muted", "in a process of its own"),
    "command": Mark("$", "muted", "a program"),
}
"""As a shell writes it. A kernel in the room's own process has no sign."""
INCIDENT: Mapping[str, Mark] = {
    "open": Mark("✖", "strong_bad", "open"),
    "acknowledged": Mark("▲", "warn", "acknowledged"),
    "in_repair": Mark("⚙", "strong_accent", "in repair"),
    "watching": Mark("◔", "accent", "watching"),
    "resolved": Mark("✓", "ok", "resolved"),
    "reopened": Mark("✖", "strong_bad", "reopened"),
    "suppressed": Mark("○", "muted", "suppressed"),
}
TASK: Mapping[str, Mark] = {
    "queued": Mark("◌", "muted", "queued"),
    "diagnosing": Mark("⚙", "strong_accent", "diagnosing"),
    "trying": Mark("⚙", "strong_accent", "trying"),
    "gating": Mark("⚙", "strong_accent", "gating"),
    "waiting_for_approval": Mark("▲", "warn", "needs approval"),
    "applying": Mark("⚙", "strong_accent", "applying"),
    "watching": Mark("◔", "accent", "watching"),
    "learned": Mark("✓", "ok", "learned"),
    "failed": Mark("✗", "bad", "failed"),
    "undone": Mark("✗", "warn", "undone"),
}
GATE: Mapping[str, Mark] = {
    "pending": Mark("·", "muted", "pending"),
    "running": Mark("◔", "strong_accent", "running"),
    "passed": Mark("✓", "ok", "passed"),
    "failed": Mark("✗", "strong_bad", "failed"),
    "skipped": Mark("–", "muted", "skipped"),
}
RUN: Mapping[str, Mark] = {
    "running": Mark("⚙", "strong_accent", "running"),
    "waiting_for_person": Mark("?", "strong_accent", "asks you"),
    "succeeded": Mark("✓", "ok", "succeeded"),
    "failed": Mark("✗", "bad", "failed"),
    "undone": Mark("✗", "warn", "undone"),
    "interrupted": Mark("✗", "warn", "interrupted"),
}
STEP: Mapping[str, Mark] = {
    "pending": Mark("·", "muted", "pending"),
    "running": Mark("◔", "strong_accent", "running"),
    "done": Mark("✓", "ok", "done"),
    "failed": Mark("✗", "strong_bad", "failed"),
    "skipped": Mark("–", "muted", "skipped"),
    "undone": Mark("↩", "warn", "undone"),
}
RULE: Mapping[str, Mark] = {
    "quiet": Mark("●", "ok", "quiet"),
    "waiting": Mark("◌", "muted", "not measured yet"),
    "firing": Mark("▲", "strong_bad", "fires"),
    "cooling": Mark("◌", "warn", "fired, keeps quiet"),
    "problem": Mark("✗", "warn", "cannot be measured"),
}
SILENCE: Mapping[str, Mark] = {
    "in_force": Mark("○", "accent", "in force"),
    "ends_soon": Mark("▲", "warn", "ends soon"),
    "ended": Mark("–", "muted", "ended"),
}
MONITOR: Mapping[str, Mark] = {
    "ok": Mark("●", "ok", "ok"),
    "busy": Mark("⚙", "accent", "busy"),
    "alert": Mark("▲", "strong_bad", "alert"),
    "off": Mark("○", "muted", "off"),
}
ROOM: Mapping[str, Mark] = {
    "booting": Mark("◐", "strong_accent", "booting"),
    "steady": Mark("●", "ok", "steady"),
    "degraded": Mark("✖", "strong_bad", "degraded"),
    "stopping": Mark("◌", "warn", "stopping"),
}
LOG: Mapping[str, Mark] = {
    "debug": Mark("·", "muted", "debug"),
    "info": Mark("·", "text", "info"),
    "warning": Mark("▲", "warn", "warning"),
    "error": Mark("✖", "bad", "error"),
    "critical": Mark("✖", "strong_bad", "critical"),
    "stdout": Mark("│", "text", "stdout"),
    "stderr": Mark("┃", "warn", "stderr"),
}
CLOSED_INCIDENTS = frozenset({"resolved", "suppressed"})
LIVE_RUNS = frozenset({"running", "waiting_for_person"})
FINISHED_TASKS = frozenset({"learned", "failed", "undone"})
DOWN = frozenset({"failed", "backing_off", "quarantined"})


def mark(table: Mapping[str, Mark], state: str) -> Mark:
    """The mark of `state`; an unknown one is shown as what it is."""
    return table.get(state) or Mark("?", "warn", state or "unknown")
