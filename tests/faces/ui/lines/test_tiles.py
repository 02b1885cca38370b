"""A tile says the state in a sign and, unless all is well, in words."""

import pytest

from grace_tui.faces.ui.lines.tiles import tile_lines
from grace_tui.faces.views import KernelView
from tests.faces.ui.crowd import BACKING_OFF, MIXED, WEB
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


def test_every_state_has_its_own_sign() -> None:
    states = ("running", "starting", "stopped", "paused", "completed", "failed", "backing_off", "quarantined")
    tiles = [texts(tile_lines(KernelView(name="k", state=state), 30, 1, INKS))[0] for state in states]
    assert len({tile.strip()[0] for tile in tiles}) == len(states)


def test_a_name_with_control_characters_is_shown_not_obeyed() -> None:
    tile = tile_lines(KernelView(name="evil\x1b[2Jname", state="running"), 30, 1, INKS)
    assert "evil␛[2Jname" in texts(tile)[0]


def test_tile_of_a_program_shows_its_host_and_what_it_uses() -> None:
    assert texts(tile_lines(WEB, 26, 2, INKS)) == [" ● web-1 $", "   pid 4242      1 %  30 M"]
    assert texts(tile_lines(WEB, 40, 4, INKS))[1::2] == ["   up 8 min", "   pid 4242 · 1 % · 30 M"]


def test_tile_of_a_task_has_no_sign_of_a_host() -> None:
    assert texts(tile_lines(BUS, 26, 2, INKS))[0] == " ● message_bus"


def test_tile_of_a_moved_kernel_says_why() -> None:
    moved = next(kernel for kernel in MIXED.kernels if kernel.moved)
    lines = tile_lines(moved, 60, 4, INKS)
    assert texts(lines)[0] == " ● memory_fusion &"
    assert texts(lines)[3].startswith("   moved to a process: held the loop twice  pid 3911")
    assert style_of(lines[0], "&") == INKS.warn
    assert texts(tile_lines(moved, 29, 4, INKS))[3] == "   moved: held the loop twice"


def test_tile_of_a_completed_kernel_is_calm() -> None:
    done = next(kernel for kernel in MIXED.kernels if kernel.state == "completed")
    lines = tile_lines(done, 26, 2, INKS)
    assert texts(lines) == [" ✓ migrate $", "   completed 8 min ago"]
    assert style_of(lines[1], "completed") == INKS.muted


def test_a_narrow_tile_keeps_the_next_try() -> None:
    assert texts(tile_lines(BACKING_OFF, 24, 1, INKS, names=12)) == [" ◌ mailer $     try 3 s"]


def test_a_narrow_tile_of_a_program_keeps_its_cpu() -> None:
    assert texts(tile_lines(WEB, 24, 1, INKS, names=13)) == [" ● web-1 $        1 %"]
