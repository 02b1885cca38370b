"""The colours a screen is painted with, by meaning. Plain strings, so that the splash can use them."""

from typing import NamedTuple


class Palette(NamedTuple):
    """One theme's colours: `#rrggbb`, or names of the sixteen terminal colours where `ansi` is set."""

    name: str
    dark: bool
    text: str
    muted: str
    accent: str
    ok: str
    warn: str
    bad: str
    bad_text: str
    """Written on a patch of `bad`."""
    background: str
    panel: str
    """Behind the header and the footer."""
    line: str
    """Frames and rules."""
    work: str
    """The bars of work done and the frame with the focus: seen when looked for, quiet otherwise."""
    select: str
    """Behind the selected row; `reverse` swaps its colours instead."""
    ansi: bool = False


GRACE = Palette(
    name="grace",
    dark=True,
    text="#cdd6e0",
    muted="#788799",
    accent="#6cb6ff",
    ok="#4fb477",
    warn="#e8b44c",
    bad="#ff6464",
    bad_text="#1c0404",
    background="#0f1319",
    panel="#19212b",
    line="#2c3744",
    work="#41638a",
    select="#20344a",
)
"""The default, built in: a missing or broken theme file never stops the room."""
