"""The app shows what the room says and asks what a person wants."""

import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from anyio import sleep_forever
from textual import events
from textual.pilot import Pilot

from grace_tui.faces.ui.screens.page import PageScreen
from grace_tui.faces.ui.screens.room import RoomScreen
from grace_tui.faces.ui.widgets.panes import IncidentFeed, KernelGrid, TaskQueue
from grace_tui.faces.views import RoomView
from tests.faces.ui.crowd import CROWD, crowd
from tests.faces.ui.driving import THEMES, Opened, screen_text
from tests.faces.ui.sample import ALL, CALM, DRILL, RESOLVED, TWO_INCIDENTS, room


async def settle(pilot: Pilot[None]) -> None:
    """Until workers are done and the screen is painted."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def grid_of(opened: Opened) -> KernelGrid:
    return opened.app.screen.query_one(KernelGrid)


async def test_the_first_paint_already_shows_the_room() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(120, 40)):
        assert "20/20 running" in screen_text(opened.app)
        assert "verification_framework" in screen_text(opened.app)


async def test_a_room_without_a_view_yet_is_opening() -> None:
    opened = Opened(None)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        assert "opening" in screen_text(opened.app)
        opened.feed.publish(CALM)
        await pilot.pause()
        assert "20/20 running" in screen_text(opened.app)


async def test_a_change_told_from_another_thread_is_shown() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        supervisor = threading.Thread(target=opened.feed.publish, args=(TWO_INCIDENTS,))
        supervisor.start()
        supervisor.join()
        await pilot.pause()
        assert "✖ 2 failed" in screen_text(opened.app)


async def test_a_burst_of_changes_is_shown_once() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        shown: list[int] = []
        grid = grid_of(opened)
        show = grid.show

        def count(view: RoomView, *, boxed: bool) -> None:
            shown.append(view.sequence)
            show(view, boxed=boxed)

        grid.show = count  # type: ignore[method-assign]
        for sequence in range(1_000, 1_050):
            opened.feed.publish(room(sequence=sequence))
        await pilot.pause()
        assert shown == [1_049]


async def test_the_app_stops_listening_when_it_ends() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test():
        (late,) = opened.feed.callbacks
    assert opened.feed.callbacks == []
    late()


async def test_a_stuck_supervisor_is_told_with_its_age() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        opened.clock.now = 7.0
        opened.app.grow_older()
        await pilot.pause()
        assert "no answer for 7 s" in screen_text(opened.app)
        opened.feed.publish(room(sequence=900))
        await pilot.pause()
        assert "no answer" not in screen_text(opened.app)


async def test_a_view_that_was_old_when_it_came_is_called_old() -> None:
    opened = Opened(room(at=CALM.at - 20))
    async with opened.app.run_test(size=(80, 24)):
        assert "no answer for 20 s" in screen_text(opened.app)


async def test_the_banner_stands_under_the_header() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        opened.feed.publish(msgspec.structs.replace(DRILL, sequence=800))
        await pilot.pause()
        assert screen_text(opened.app).splitlines()[1].startswith(" ▸ drill seed")


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        (["down"], "self_healing"),
        (["j", "l"], "coding_agent"),
        (["right", "right"], "self_healing"),
        (["end"], "api_server"),
        (["G", "up", "h"], "health_monitor"),
        (["up"], "message_bus"),
    ],
)
async def test_keys_walk_in_the_grid(keys: list[str], selected: str) -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        assert grid_of(opened).state.selected == selected


async def test_the_first_failure_is_selected_until_a_person_selects() -> None:
    opened = Opened(TWO_INCIDENTS)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        assert grid_of(opened).state.selected == "coding_agent"
        await pilot.press("home")
        opened.feed.publish(msgspec.structs.replace(TWO_INCIDENTS, sequence=900))
        await pilot.pause()
        assert grid_of(opened).state.selected == "message_bus"


async def test_tab_walks_through_the_panes() -> None:
    opened = Opened(TWO_INCIDENTS)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        seen = []
        for key in ("tab", "tab", "tab", "shift+tab"):
            await pilot.press(key)
            seen.append(type(opened.app.focused))
        assert seen == [IncidentFeed, TaskQueue, KernelGrid, TaskQueue]


async def test_the_filter_shows_matching_kernels_and_moves_the_selection() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", "g", "o", "v")
        assert [kernel.name for kernel in grid_of(opened).state.kernels] == ["governance"]
        assert grid_of(opened).state.selected == "governance"
        assert "/gov" in screen_text(opened.app)
        await pilot.press("enter", "r")
        await settle(pilot)
        assert opened.room.asked == [("kernel.restart", {"name": "governance"})]
        await pilot.press("escape")
        assert len(grid_of(opened).state.kernels) == 20


async def test_keys_typed_into_the_filter_are_no_commands() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", "r", "q", "backspace", "s")
        await settle(pilot)
        assert opened.asked() == []
        assert grid_of(opened).state.query == "rs"


async def test_keys_that_come_in_one_breath_with_the_filter_are_typed_into_it() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        for key, character in (("slash", "/"), ("l", "l"), ("i", "i"), ("b", "b"), ("r", "r")):
            opened.app.post_message(events.Key(key, character))
        await settle(pilot)
        assert (opened.asked(), grid_of(opened).state.query) == ([], "libr")


async def test_the_filter_can_be_typed_where_there_is_no_footer() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(40, 6)) as pilot:
        await pilot.press("slash", "l", "i")
        assert "/li" in screen_text(opened.app)


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        (["r"], ("kernel.restart", {"name": "message_bus"})),
        (["p"], ("kernel.pause", {"name": "message_bus"})),
        (["s", "y"], ("kernel.stop", {"name": "message_bus"})),
        (["w"], ("why", {"kernel": "message_bus"})),
        (["L"], ("kernel.logs", {"name": "message_bus", "lines": 500})),
        (["enter"], ("kernel.logs", {"name": "message_bus", "lines": 200})),
    ],
)
async def test_a_key_asks_the_room(keys: list[str], asked: tuple[str, dict[str, object]]) -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await settle(pilot)
        assert opened.room.asked[0] == asked


async def test_a_stop_that_is_not_meant_is_not_done() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s")
        await pilot.pause()
        assert "Stop message_bus?" in screen_text(opened.app)
        await pilot.press("n")
        await settle(pilot)
        assert opened.asked() == []


async def test_an_incident_can_be_taken_from_the_feed() -> None:
    opened = Opened(TWO_INCIDENTS)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "down", "a")
        await settle(pilot)
        assert opened.room.asked == [("incident.take", {"id": "i-0009", "owner": "ada"})]


async def test_acts_in_the_queue_are_done_to_the_tasks_kernel() -> None:
    opened = Opened(TWO_INCIDENTS)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("shift+tab", "r")
        await settle(pilot)
        assert opened.room.asked == [("kernel.restart", {"name": "coding_agent"})]


async def test_a_refusal_is_shown_in_full() -> None:
    opened = Opened(CALM)
    opened.room.answers["kernel.restart"] = {"ok": False, "text": "governance says no: policy calm-hours [forbids] it"}
    async with opened.app.run_test(size=(40, 12)) as pilot:
        await pilot.press("r")
        await settle(pilot)
        notice = screen_text(opened.app).splitlines()[-2:]
        assert [line.strip() for line in notice] == ["✗ governance says no: policy", "calm-hours [forbids] it"]


async def test_a_kernels_page_shows_facts_and_log() -> None:
    opened = Opened(TWO_INCIDENTS)
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await settle(pilot)
        text = screen_text(opened.app)
        assert all(words in text for words in ("failed for 3 s", "08:29:04 ✖ gave up", "✖ 2 failed"))


async def test_a_page_follows_the_room() -> None:
    opened = Opened(TWO_INCIDENTS)
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await settle(pilot)
        opened.feed.publish(room(sequence=900, kernels=ALL))
        await pilot.pause()
        assert "running for 12 min" in screen_text(opened.app)


async def test_a_tasks_page_shows_gates_and_diff() -> None:
    opened = Opened(TWO_INCIDENTS)
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("shift+tab", "enter")
        await settle(pilot)
        assert "gates: 4 of 8 passed" in screen_text(opened.app)
        assert "+++ b/kernels/immutable_log.py" in screen_text(opened.app)


async def test_a_page_keeps_its_place_while_the_room_changes() -> None:
    opened = Opened(CALM)
    opened.room.answers["why"] = {"ok": True, "text": "\n".join(f"reason {index}" for index in range(200))}
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("w")
        await settle(pilot)
        await pilot.press("space")
        before = screen_text(opened.app)
        opened.feed.publish(room(sequence=900))
        await pilot.pause()
        assert "reason 19" in before
        assert screen_text(opened.app) == before


async def test_a_log_opens_at_its_end() -> None:
    opened = Opened(CALM)
    opened.room.answers["kernel.logs"] = {"ok": True, "text": "\n".join(f"line {index}" for index in range(500))}
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L")
        await settle(pilot)
        assert "line 499" in screen_text(opened.app)


@pytest.mark.parametrize("key", ["escape", "q", "ctrl+c"])
async def test_a_page_is_left_to_the_room(key: str) -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(opened.app.screen, PageScreen)
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(opened.app.screen, RoomScreen)
        assert opened.asked() == []


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_leaving_a_remote_screen_leaves_the_room_alone(key: str) -> None:
    opened = Opened(CALM, leave="detach")
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        await pilot.pause()
    assert opened.asked() == []
    assert opened.app.return_code == 0


async def test_leaving_the_local_screen_asks_and_then_stops_the_room() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert "Stop the room?" in screen_text(opened.app)
        await pilot.press("y")
        await opened.room.asked_once.wait()
    assert opened.room.asked == [("leave", {})]


async def test_a_room_that_never_answers_can_be_left_all_the_same() -> None:
    opened = Opened(CALM)

    async def never(verb: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        opened.room.asked_once.set()
        await sleep_forever()
        return {}

    opened.app.ask = never
    async with opened.app.run_test(size=(80, 24)) as pilot:
        for key in ("q", "y", "q"):
            await pilot.press(key)
            await pilot.pause()
        assert "has not stopped yet" in screen_text(opened.app)
        await pilot.press("y")
        await pilot.pause()
    assert opened.room.asked_once.is_set()
    assert not opened.app.is_running


async def test_a_room_that_refuses_to_stop_keeps_its_screen() -> None:
    opened = Opened(CALM)
    opened.room.answers["leave"] = {"ok": False, "text": "a repair is being applied"}
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
        assert "a repair is being applied" in screen_text(opened.app)


async def test_t_paints_with_the_next_theme() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        before = opened.app.screen._compositor.render_strips()[3]
        await pilot.press("t")
        await pilot.pause()
        assert opened.app.theme == "ansi"
        after = opened.app.screen._compositor.render_strips()[3]
        assert before.text == after.text
        assert list(before) != list(after)


async def test_themes_are_read_again_while_it_runs(tmp_path: Path) -> None:
    good = (THEMES / "grace.toml").read_text()
    opened = Opened(CALM, theme_folders=[tmp_path])
    async with opened.app.run_test(size=(80, 24)) as pilot:
        (tmp_path / "grace.toml").write_text(good.replace("#cdd6e0", "#010203"))
        opened.app.reload_themes()
        await pilot.pause()
        assert opened.app.paint.room.text.color is not None
        assert opened.app.paint.room.text.color.name == "#010203"
        (tmp_path / "grace.toml").write_text(good.replace("muted", "mutted"))
        opened.app.reload_themes()
        await pilot.pause()
        assert "did you mean colours.muted?" in " ".join(screen_text(opened.app).split())
        assert opened.app.paint.room.text.color.name == "#cdd6e0"


async def test_an_unknown_theme_falls_back_to_the_built_in_one() -> None:
    opened = Opened(CALM, theme="no-such-theme", theme_folders=[])
    async with opened.app.run_test(size=(80, 24)):
        assert opened.app.theme == "grace"


async def test_the_palette_finds_a_kernels_restart() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.press(*"restart libra")
        while "restart librarian" not in screen_text(opened.app):
            await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert opened.room.asked == [("kernel.restart", {"name": "librarian"})]


async def test_a_storm_of_resizes_ends_with_a_whole_picture() -> None:
    opened = Opened(DRILL)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        for width, height in ((1, 1), (300, 90), (40, 12), (20, 3), (120, 40), (64, 17), (30, 50), (80, 24)):
            await pilot.resize_terminal(width, height)
            strips = opened.app.screen._compositor.render_strips()
            assert [strip.cell_length for strip in strips] == [width] * height
        assert "✖ 2 failed" in screen_text(opened.app)
        assert "coding agent" in screen_text(opened.app)


async def test_a_hidden_pane_gives_the_focus_back() -> None:
    opened = Opened(TWO_INCIDENTS)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("shift+tab")
        await pilot.resize_terminal(40, 12)
        await pilot.pause()
        assert isinstance(opened.app.focused, KernelGrid)


async def test_the_feed_keeps_its_place_when_an_incident_comes() -> None:
    many = tuple(msgspec.structs.replace(RESOLVED, id=f"i-{index}", kernel=f"k{index}") for index in range(60))
    opened = Opened(room(incidents=many))
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", *["pagedown"] * 12)
        before = screen_text(opened.app).splitlines()[14:-3]
        newer = msgspec.structs.replace(RESOLVED, id="i-new", kernel="newest")
        opened.feed.publish(room(sequence=900, incidents=(newer, *many)))
        await pilot.pause()
        assert screen_text(opened.app).splitlines()[14:-3] == before


async def test_a_click_selects_and_a_double_click_opens() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.click(KernelGrid, offset=(50, 3))
        assert grid_of(opened).state.selected == "verification_framework"
        await pilot.click(KernelGrid, offset=(50, 3), times=2)
        await settle(pilot)
        assert opened.room.asked[0] == ("kernel.logs", {"name": "verification_framework", "lines": 200})


async def test_n_walks_through_the_failing_kernels() -> None:
    opened = Opened(CROWD)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        seen = []
        for key in ("end", "n", "n", "N", "tab", "n"):
            await pilot.press(key)
            seen.append(grid_of(opened).state.selected)
        assert seen == ["worker-150", "worker-37", "worker-93", "worker-37", "worker-37", "worker-93"]
        assert "worker-93" in screen_text(opened.app)


async def test_n_says_when_nothing_is_failing() -> None:
    opened = Opened(CALM)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await pilot.pause()
        assert "no kernel here is failing" in screen_text(opened.app)


async def test_o_keeps_the_order_of_boot() -> None:
    opened = Opened(CROWD)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        assert "failures first" in screen_text(opened.app)
        await pilot.press("o", "home")
        await pilot.pause()
        assert "boot order" in screen_text(opened.app)
        assert grid_of(opened).state.selected == "message_bus"
        assert "✖ 3 below" in screen_text(opened.app)


async def test_two_hundred_kernels_scroll_by_key_and_by_wheel() -> None:
    opened = Opened(CROWD)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        assert "1-39 of 200" in screen_text(opened.app)
        await pilot.press("pagedown")
        await pilot.pause()
        assert "4-42 of 200" in screen_text(opened.app)
        await pilot.press("end")
        await pilot.pause()
        assert "163-200 of 200" in screen_text(opened.app)
        grid_of(opened).on_mouse_scroll_up()
        await pilot.pause()
        assert "154-192 of 200" in screen_text(opened.app)
        opened.feed.publish(msgspec.structs.replace(crowd(second=1), sequence=9_000))
        await pilot.pause()
        assert "154-192 of 200" in screen_text(opened.app)


async def test_the_filter_finds_states() -> None:
    opened = Opened(CROWD)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"state:down", "enter")
        await pilot.pause()
        assert [kernel.name for kernel in grid_of(opened).state.kernels] == ["worker-37", "worker-93", "worker-140"]
        assert "/state:down  3 of 200" in screen_text(opened.app)
