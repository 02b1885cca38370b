"""Rich styles made of a palette, once per theme; line renderers take them from here and mix none."""

from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style

from grace_tui.faces.ui.palette import Palette


@dataclass(frozen=True, slots=True)
class Inks:
    """Styles on one ground. The field names are the words that marks use for a colour."""

    text: Style
    strong: Style
    muted: Style
    accent: Style
    ok: Style
    warn: Style
    bad: Style
    line: Style
    work: Style
    strong_bad: Style
    strong_accent: Style

    def named(self, name: str) -> Style:
        """The style a mark names."""
        style = getattr(self, name, None)
        return style if isinstance(style, Style) else self.text


@dataclass(frozen=True, slots=True)
class Paint:
    """Everything a theme paints with."""

    room: Inks
    panel: Inks
    selected: Inks
    alert: Style
    """The brightest thing on the screen."""
    notice: Style


@lru_cache(16)
def paint_of(palette: Palette) -> Paint:
    return Paint(
        room=_inks(palette, palette.background),
        panel=_inks(palette, palette.panel),
        selected=_inks(palette, palette.select),
        alert=Style(color=palette.bad_text, bgcolor=palette.bad, bold=True),
        notice=Style(color=palette.accent, bgcolor=palette.select, bold=True)
        if palette.select != "reverse"
        else Style(color=palette.accent, bgcolor=palette.background, bold=True, reverse=True),
    )


def _inks(palette: Palette, ground: str) -> Inks:
    swapped = True if ground == "reverse" else None
    back = palette.background if swapped else ground

    def ink(colour: str, bold: bool | None = None) -> Style:
        # Swapped colours make patches of every ground there is; one ground reads better, and the words tell the state.
        return Style(color=palette.text if swapped else colour, bgcolor=back, bold=bold, reverse=swapped)

    return Inks(
        text=ink(palette.text),
        strong=ink(palette.text, bold=True),
        muted=ink(palette.muted),
        accent=ink(palette.accent),
        ok=ink(palette.ok),
        warn=ink(palette.warn),
        bad=ink(palette.bad),
        line=ink(palette.line),
        work=ink(palette.work),
        strong_bad=ink(palette.bad, bold=True),
        strong_accent=ink(palette.accent, bold=True),
    )
