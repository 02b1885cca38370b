"""Colours as a terminal can show them."""

import pytest

from grace_tui.faces.remote.colour import translator


@pytest.mark.parametrize(
    ("color", "paint", "expected"),
    [
        ("256", "\x1b[1;38;2;255;0;0;48;2;0;0;255mx\x1b[0m", "\x1b[1;38;5;196;48;5;21mx\x1b[0m"),
        ("256", "\x1b[31mx", "\x1b[31mx"),
        ("16", "\x1b[38;2;255;0;0mx", "\x1b[31mx"),
        ("16", "\x1b[38;5;21;4mx", "\x1b[34;4mx"),
        ("none", "\x1b[1;38;2;255;0;0;48;5;9;7mx", "\x1b[1;7mx"),
        ("none", "\x1b[38;2;255;0;0mx\x1b[0m", "x\x1b[0m"),
        ("256", "\x1b[38;2;1mx\x1b[2J\x1b[5;6H", "\x1b[38;2;1mx\x1b[2J\x1b[5;6H"),
        ("none", "\x1b[mx", "\x1b[mx"),
    ],
)
def test_paint_is_translated(color: str, paint: str, expected: str) -> None:
    translate = translator(color)
    assert translate is not None
    assert translate(paint) == expected


def test_a_terminal_of_all_colours_needs_no_translation() -> None:
    assert translator("truecolor") is None
