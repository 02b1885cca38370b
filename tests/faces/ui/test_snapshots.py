"""Pictures of the screens, as a person sees them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from grace_tui.faces.ui.app import RoomApp
from grace_tui.faces.ui.commands import Target
from grace_tui.faces.ui.screens.room import RoomScreen
from tests.faces.ui.care import TENDED, answer
from tests.faces.ui.crowd import LOG, PEOPLED
from tests.faces.ui.driving import Opened
from tests.faces.ui.sample import CALM, ROOMS, TWO_INCIDENTS

SIZES = [(80, 24), (120, 40), (200, 60)]
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _in_utc(utc: None) -> None:
    """Times are local."""


def named(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES, ids=named)
@pytest.mark.parametrize("name", ["calm", "incidents", "booting"])
def test_the_room(name: str, size: tuple[int, int], snap_compare: Compare) -> None:
    assert snap_compare(Opened(ROOMS[name]).app, terminal_size=size)


@pytest.mark.parametrize("size", [(40, 12), *SIZES], ids=named)
@pytest.mark.parametrize("name", PEOPLED)
def test_a_room_of_many(name: str, size: tuple[int, int], snap_compare: Compare) -> None:
    assert snap_compare(Opened(PEOPLED[name]).app, terminal_size=size)


@pytest.mark.parametrize("size", [(40, 12), (120, 40)], ids=named)
def test_a_crowd_scrolled(size: tuple[int, int], snap_compare: Compare) -> None:
    async def press(pilot: Pilot[Any]) -> None:
        await pilot.press("pagedown", "pagedown")
        await pilot.pause()

    assert snap_compare(Opened(PEOPLED["crowd"]).app, terminal_size=size, run_before=press)


@pytest.mark.parametrize(
    ("kernel", "size"),
    [
        ("immutable_log", (120, 40)),
        ("immutable_log", (80, 24)),
        ("memory_fusion", (120, 40)),
        ("memory_fusion", (80, 24)),
        ("mailer", (40, 12)),
        ("mailer", (80, 24)),
        ("mailer", (120, 40)),
        ("web-1", (200, 60)),
    ],
    ids=lambda value: value if isinstance(value, str) else named(value),
)
def test_the_page_of_a_kernel(kernel: str, size: tuple[int, int], snap_compare: Compare) -> None:
    opened = Opened(PEOPLED["mixed" if kernel == "memory_fusion" else "degraded"])
    opened.room.answers["kernel.logs"] = LOG

    async def open_page(pilot: Pilot[Any]) -> None:
        opened.app.post_message(RoomScreen.OpenRequested(Target("kernel", kernel, kernel)))
        await pilot.pause()
        await opened.app.workers.wait_for_complete()
        await pilot.pause()

    assert snap_compare(opened.app, terminal_size=size, run_before=open_page)


@pytest.mark.parametrize("name", ["calm", "incidents"])
def test_a_very_small_room(name: str, snap_compare: Compare) -> None:
    assert snap_compare(Opened(ROOMS[name]).app, terminal_size=(40, 12))


def test_a_drill_has_its_banner(snap_compare: Compare) -> None:
    assert snap_compare(Opened(ROOMS["drill"]).app, terminal_size=(80, 24))


@pytest.mark.parametrize("theme", ["grace-light", "ansi", "high-contrast"])
def test_a_theme(theme: str, snap_compare: Compare) -> None:
    assert snap_compare(Opened(TWO_INCIDENTS, theme=theme).app, terminal_size=(80, 24))


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(["enter"], id="kernel"),
        pytest.param(["shift+tab", "enter"], id="task"),
        pytest.param(["s"], id="question"),
        pytest.param(["question_mark"], id="help"),
        pytest.param(["slash", "g", "e"], id="filter"),
    ],
)
def test_what_a_key_opens(keys: list[str], snap_compare: Compare) -> None:
    async def press(pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        await pilot.pause()

    assert snap_compare(Opened(TWO_INCIDENTS).app, terminal_size=(80, 24), run_before=press)


@pytest.mark.parametrize("size", SIZES, ids=named)
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="room"),
        pytest.param(["tab", "enter"], id="incident"),
        pytest.param(["tab", "enter", "2"], id="tried"),
        pytest.param(["tab", "enter", "4"], id="traceback"),
        pytest.param(["tab", "down", "down", "enter"], id="cause"),
        pytest.param(["T"], id="triggers"),
        pytest.param(["P"], id="playbooks"),
        pytest.param(["S"], id="silences"),
        pytest.param(["K"], id="knowledge"),
    ],
)
def test_a_room_that_is_cared_for(keys: list[str], size: tuple[int, int], snap_compare: Compare) -> None:
    assert snap_compare(_tended(), terminal_size=size, run_before=_pressed(keys))


@pytest.mark.parametrize("size", [(40, 12), (80, 24)], ids=named)
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(["tab", "s"], id="silence"),
        pytest.param(["tab", "s", "enter"], id="refused"),
        pytest.param(["tab", "x", "f", "i", "x"], id="resolve"),
    ],
)
def test_a_form(keys: list[str], size: tuple[int, int], snap_compare: Compare) -> None:
    assert snap_compare(_tended(), terminal_size=size, run_before=_pressed(keys))


def _tended() -> RoomApp:
    return Opened(TENDED).answered_by(answer).app


def _pressed(keys: list[str]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press them one after the other, and wait until what they asked for is shown."""

    async def press(pilot: Pilot[Any]) -> None:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            if not isinstance(pilot.app.screen, ModalScreen):  # a form is waited for by its worker
                await pilot.app.workers.wait_for_complete()
            await pilot.pause()

    return press


def test_an_old_view_is_called_old(snap_compare: Compare) -> None:
    opened = Opened(CALM)

    async def grow_old(pilot: Pilot[Any]) -> None:
        opened.clock.now = 42.0
        opened.app.grow_older()
        await pilot.pause()

    assert snap_compare(opened.app, terminal_size=(80, 24), run_before=grow_old)
