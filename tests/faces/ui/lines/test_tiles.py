"""A tile says the state in a sign and, unless all is well, in words."""

import msgspec
import pytest

from grace_tui.faces.ui.lines.tiles import status, tile_lines
from grace_tui.faces.views import KernelView
from tests.faces.ui.sample import ALL, TWO_INCIDENTS
from tests.faces.ui.support import PAINT, is_picture, style_of, texts

BUS = ALL[0]
FAILED = TWO_INCIDENTS.kernels[3]
INKS = PAINT.room


@pytest.mark.parametrize("lines", [1, 2, 4])
@pytest.mark.parametrize("width", [8, 24, 37, 60])
def test_tile_fills_its_box(lines: int, width: int) -> None:
    assert is_picture(tile_lines(FAILED, width, lines, INKS), width, lines)


def test_tile_of_a_running_kernel_shows_its_words_and_its_work() -> None:
    assert texts(tile_lines(BUS, 26, 2, INKS)) == [" ● message_bus", "   1.2k/s         ▅█▆▄█▆▄▇"]


def test_tile_of_a_failed_kernel_says_what_is_being_done() -> None:
    lines = tile_lines(FAILED, 30, 2, INKS)
    assert texts(lines) == [" ✖ coding_agent", "   failed 3 s, gating"]
    assert style_of(lines[0], "coding_agent") == INKS.strong_bad


def test_tile_of_four_lines_shows_the_error_of_a_failed_kernel() -> None:
    assert texts(tile_lines(FAILED, 40, 4, INKS))[2:] == [
        "   TypeError: ImmutableLog.append() got",
        "   an unexpected keyword argument 'subs…",
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "running"}, "running"),
        ({"state": "paused"}, "paused"),
        ({"state": "backing_off", "next_try": 4.2}, "retry in 4 s"),
        ({"state": "quarantined", "since": 61}, "quarantined 1 min"),
        ({"state": "failed", "since": 3, "repair": "trying"}, "failed 3 s, trying"),
        ({"state": "exploded"}, "exploded"),
    ],
)
def test_status_is_told_in_words(changes: dict[str, object], expected: str) -> None:
    assert status(msgspec.structs.replace(BUS, **changes)) == expected


def test_every_state_has_its_own_sign() -> None:
    states = ("running", "starting", "stopped", "paused", "failed", "backing_off", "quarantined")
    tiles = [texts(tile_lines(KernelView(name="k", state=state), 30, 1, INKS))[0] for state in states]
    assert len({tile.strip()[0] for tile in tiles}) == len(states)


def test_a_name_with_control_characters_is_shown_not_obeyed() -> None:
    tile = tile_lines(KernelView(name="evil\x1b[2Jname", state="running"), 30, 1, INKS)
    assert "evil␛[2Jname" in texts(tile)[0]
