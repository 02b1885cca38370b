"""Remembered fixes: as rows of a list, and what is said of one before the room has told the rest."""

import msgspec

from grace_tui.faces.ui.draw import figures
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, line_between
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.lines.said import Said, Saying, fact


class FixRow(msgspec.Struct, frozen=True):
    """A fix as the room told it."""

    signature: str
    summary: str
    operator: str = ""
    provider: str = ""
    kind: str = ""
    message: str = ""
    successes: int = 0
    failures: int = 0
    confidence: float = 0.5
    trusted: bool = False
    expired: str = ""
    imported_from: str = ""
    last_used: float = 0.0

    @property
    def id(self) -> str:
        return self.signature

    @property
    def standing(self) -> tuple[str, str, str]:
        """Glyph, word and ink."""
        if self.expired:
            return "○", "expired", "muted"
        if not self.trusted:
            return "✖", "not trusted", "warn"
        return ("◇", "imported", "accent") if self.imported_from else ("●", "trusted", "ok")


def fix_rows(told: object) -> tuple[FixRow, ...]:
    """The fixes in an answer; none where it is no list of such."""
    try:
        return msgspec.convert(told, tuple[FixRow, ...])
    except msgspec.ValidationError:
        return ()


def fix_lines(row: FixRow, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False) -> list[Line]:
    glyph, _, ink = row.standing
    words = shown(row.summary) or shown(row.signature)
    left: list[Piece] = [gutter or (" ", inks.text), (f"{glyph} ", inks.named(ink))]
    left.append((words, inks.text if row.trusted and not row.expired else inks.muted))
    right: list[Piece] = [
        (f" ✓{figures.short(row.successes)}", inks.ok if row.successes else inks.muted),
        (f" ✗{figures.short(row.failures)}", inks.bad if row.failures else inks.muted),
        (f"  {row.confidence:.2f}", inks.text),
    ]
    return [line_between(left, right, width, inks.text)]


def fix_facts(row: FixRow) -> list[Saying]:
    glyph, word, ink = row.standing
    said = f"{shown(row.kind)}: {shown(row.message)}".rstrip(": ")
    used = figures.clock_time(row.last_used) if row.last_used else ""
    return [
        Said(word, ink, "state", glyph),
        *fact("what", row.summary, "strong"),
        *fact("of", said),
        *fact("provider", row.provider),
        *fact("expired", row.expired, "warn"),
        *fact("last used", used),
    ]
