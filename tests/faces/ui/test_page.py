"""A page follows a kernel's log until a person looks back, and finds words in it."""

from collections.abc import Mapping
from typing import Any

import pytest
from anyio import Event
from textual.pilot import Pilot

from grace_tui.faces.ui.screens.page import PageScreen
from grace_tui.faces.ui.widgets.page import PagePane
from tests.faces.ui.crowd import DEGRADED
from tests.faces.ui.driving import Opened, screen_text
from tests.faces.ui.sample import CALM


def log(count: int) -> dict[str, object]:
    return {"ok": True, "text": "\n".join(f"08:29:01 stdout  line {index}" for index in range(count))}


async def read(opened: Opened, pilot: Pilot[Any], count: int) -> str:
    """The log has grown to `count` lines, and was read again; what is shown then."""
    opened.room.answers["kernel.logs"] = log(count)
    page = opened.app.screen
    assert isinstance(page, PageScreen)
    page.read_log()
    await opened.app.workers.wait_for_complete()
    await pilot.pause()
    return screen_text(opened.app)


async def open_log(opened: Opened, pilot: Pilot[Any], *keys: str) -> str:
    await pilot.press(*keys)
    await pilot.pause()
    return await read(opened, pilot, 100)


@pytest.mark.parametrize("key", ["enter", "L"])
async def test_a_log_shows_the_newest_lines_as_they_come(key: str) -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        assert "line 99" in await open_log(opened, pilot, key)
        shown = await read(opened, pilot, 103)
        assert "line 102" in shown
        assert "following" in shown


async def test_a_log_stands_still_while_a_person_looks_back() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_log(opened, pilot, "L")
        await pilot.press("pageup")
        before = screen_text(opened.app)
        assert "held, G follows" in before
        assert await read(opened, pilot, 200) == before
        await pilot.press("G")
        await pilot.pause()
        assert "line 199" in screen_text(opened.app)


async def test_words_are_found_in_a_log() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_log(opened, pilot, "L")
        await pilot.press("slash", *"LINE 1")
        await pilot.pause()
        assert "/LINE 1  11 of 11" in screen_text(opened.app)
        await pilot.press("enter", "N")
        await pilot.pause()
        shown = screen_text(opened.app)
        assert "/LINE 1  10 of 11" in shown
        assert "line 18" in shown
        await pilot.press("n", "n")
        await pilot.pause()
        assert "/LINE 1  1 of 11" in screen_text(opened.app)


async def test_a_search_that_is_dropped_leaves_no_trace() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_log(opened, pilot, "L")
        await pilot.press("slash", "z", "q", "escape")
        await pilot.pause()
        assert "/zq" not in screen_text(opened.app)
        assert isinstance(opened.app.screen, PageScreen)
        assert "leave" not in opened.asked()


async def test_long_lines_are_wrapped_or_cut() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_log(opened, pilot, "L")
        opened.room.answers["kernel.logs"] = {"ok": True, "text": "08:29:01 stdout  " + "wide " * 40 + "end"}
        page = opened.app.screen
        assert isinstance(page, PageScreen)
        page.read_log()
        await opened.app.workers.wait_for_complete()
        await pilot.pause()
        assert "wide end" in screen_text(opened.app)
        await pilot.press("z")
        await pilot.pause()
        assert "wide end" not in screen_text(opened.app)
        assert "…" in screen_text(opened.app).splitlines()[2]


async def test_facts_and_log_of_a_kernel_scroll_by_themselves() -> None:
    opened = Opened(DEGRADED)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_log(opened, pilot, "enter")
        body, lines = (opened.app.screen.query_one(f"#{name}", PagePane) for name in ("body", "log"))
        assert (body.has_keys, lines.has_keys) == (False, True)
        await pilot.press("tab", "down")
        assert (body.has_keys, lines.has_keys) == (True, False)
        assert (body.top, lines.at_end) == (1, True)


async def test_a_kernels_page_too_small_for_a_log_has_all_facts() -> None:
    opened = Opened(DEGRADED)
    async with opened.app.run_test(size=(40, 8)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        page = opened.app.screen
        assert not page.query_one("#log").display
        assert page.query_one("#body").has_focus


async def test_a_kernel_is_acted_on_from_its_page() -> None:
    opened = Opened(DEGRADED)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_log(opened, pilot, "enter")
        opened.room.asked.clear()
        await pilot.press("s", "p", "r")
        await opened.app.workers.wait_for_complete()
        asked = [verb for verb, _ in opened.room.asked if verb != "kernel.logs"]
        assert asked == ["kernel.start", "kernel.pause", "kernel.restart"]


async def test_a_room_that_is_slow_to_answer_is_not_asked_twice() -> None:
    opened = Opened(CALM)
    asked, answered = Event(), Event()

    async def slow(verb: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        opened.room.asked.append((verb, arguments))
        asked.set()
        await answered.wait()
        return log(100)

    opened.app.ask = slow
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L")
        await asked.wait()
        page = opened.app.screen
        assert isinstance(page, PageScreen)
        page.read_log()
        answered.set()
        await opened.app.workers.wait_for_complete()
        await pilot.pause()
        assert opened.asked() == ["kernel.logs"]
        assert "line 99" in screen_text(opened.app)
