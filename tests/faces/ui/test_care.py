"""What a person does about incidents, silences, playbooks and triggers on the screen."""

from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from grace_tui.faces.ui.screens.form import FormScreen
from grace_tui.faces.ui.screens.incident import IncidentScreen
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.ui.widgets.page import PagePane
from tests.faces.ui.care import ASKING, BUS, NIGHT, TENDED, answer
from tests.faces.ui.driving import Opened, screen_text
from tests.faces.ui.sample import CALM

ACTS = ("take", "resolve", "add", "end", "answer", "check", "drill", "accept", "run", "restart", "stop", "start")


def tended() -> Opened:
    return Opened(TENDED).answered_by(answer)


async def settle(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def press(opened: Opened, pilot: Pilot[Any], *keys: str) -> str:
    """What is shown once the keys have had their effect."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    return screen_text(opened.app)


def acts(opened: Opened) -> list[tuple[str, dict[str, object]]]:
    return [(verb, dict(said)) for verb, said in opened.room.asked if verb.rpartition(".")[2] in ACTS]


# ---- the page of an incident


async def open_incident(opened: Opened, pilot: Pilot[Any]) -> str:
    await press(opened, pilot, "tab", "enter")
    await settle(pilot)
    assert isinstance(opened.app.screen, IncidentScreen)
    return screen_text(opened.app)


async def test_an_incidents_page_has_sections_that_digits_go_to() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        assert "1 what 2 done 3 timeline 4 traceback" in await open_incident(opened, pilot)
        shown = await press(opened, pilot, "4")
        assert shown.splitlines()[4].startswith("│ traceback ──")
        assert "> 41         await self.log.append" in shown
        assert (await press(opened, pilot, "9")).splitlines()[4].startswith("│ why grouped ──")


async def test_tab_goes_through_the_sections_round_and_round() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        assert (await press(opened, pilot, "tab", "tab")).splitlines()[4].startswith("│ timeline ──")
        assert (await press(opened, pilot, "shift+tab")).splitlines()[4].startswith("│ done and tried ──")
        assert (await press(opened, pilot, "1", "shift+tab")).splitlines()[4].startswith("│ why grouped ──")


async def test_words_are_found_in_all_sections() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        shown = await press(opened, pilot, "slash", *"slow disk", "enter")
        assert "1 of 1" in shown
        assert "slow disk" in shown


async def test_the_whole_page_can_be_copied() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        assert "lines copied" in await press(opened, pilot, "C")
        copied = opened.app.clipboard
        assert "state: in repair, seen 3 times" in copied
        assert "TypeError: ImmutableLog.append() got an unexpected keyword argument 'subsystem'" in copied


async def test_an_incident_is_taken_on_its_page() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        await press(opened, pilot, "a")
        await settle(pilot)
        assert acts(opened) == [("incident.take", {"id": "i-0008", "owner": "ada"})]


async def test_an_incident_is_resolved_with_a_reason_only() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        assert "say why it is resolved" in await press(opened, pilot, "x", "enter")
        await press(opened, pilot, *"fixed", "enter")
        await settle(pilot)
        assert acts(opened) == [("incident.resolve", {"id": "i-0008", "reason": "fixed"})]


async def test_a_silence_is_refused_without_a_reason_and_begun_with_one() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        assert "a silence needs a reason" in await press(opened, pilot, "s", "enter")
        assert acts(opened) == []
        await press(opened, pilot, *"a q", "up", "right", "up", "right", "enter")
        await settle(pilot)
        matcher = {"kernel": "coding_agent", "kind": "TypeError"}
        assert acts(opened) == [("silence.add", {"matcher": matcher, "for": "2h", "reason": "a q"})]


async def test_a_playbook_is_chosen_and_run_for_an_incident() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        assert "kernel_heartbeat_gap" in await press(opened, pilot, "B")
        await press(opened, pilot, "right", *"try", "enter")
        await settle(pilot)
        said = {"name": "high_queue_backlog", "incident": "i-0008", "reason": "try"}
        assert acts(opened) == [("playbook.run", said)]


async def test_a_form_that_is_left_does_nothing_and_keys_in_it_are_no_commands() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        shown = await press(opened, pilot, "s", "q", "r")
        assert "qr▏" in shown
        assert isinstance(opened.app.screen, FormScreen)
        await press(opened, pilot, "escape")
        assert isinstance(opened.app.screen, IncidentScreen)
        assert acts(opened) == []


async def test_the_files_of_the_evidence_are_shown_whole() -> None:
    opened = tended()
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await open_incident(opened, pilot)
        await press(opened, pilot, "e")
        await settle(pilot)
        assert "traceback.txt" in screen_text(opened.app)
        assert "the bus was down" in await press(opened, pilot, "end")
        await press(opened, pilot, "up")
        await settle(pilot)
        assert "No space left" in screen_text(opened.app)


async def test_the_record_is_read_again_when_the_incident_moves_and_not_when_it_counts() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        opened.room.asked.clear()
        first = TENDED.incidents[0]
        counted, watched = (msgspec.structs.replace(first, count=9), msgspec.structs.replace(first, state="watching"))
        for number, moved in enumerate((counted, watched), 900):
            view = msgspec.structs.replace(TENDED, sequence=number, incidents=(moved, *TENDED.incidents[1:]))
            opened.feed.publish(view)
            await settle(pilot)
            assert opened.asked().count("incident.show") == number - 900


async def test_an_incident_that_is_not_kept_any_more_says_so() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_incident(opened, pilot)
        opened.feed.publish(msgspec.structs.replace(CALM, sequence=901))
        await settle(pilot)
        assert "this incident is not kept any more" in screen_text(opened.app)


# ---- the feed


async def test_what_is_hidden_is_one_row_that_unfolds() -> None:
    opened = tended()
    async with opened.app.run_test(size=(120, 40)) as pilot:
        assert "1 hidden" in screen_text(opened.app)
        shown = await press(opened, pilot, "tab", "down", "down", "down", "enter")
        assert "▾ 1 hidden" in shown
        assert "silenced ×12" in shown
        assert "silenced" not in await press(opened, pilot, "enter")


async def test_a_kernel_that_another_brought_down_says_by_whom() -> None:
    opened = tended()
    async with opened.app.run_test(size=(120, 40)) as pilot:
        assert screen_text(opened.app).count("because message_bus") == 2
        await press(opened, pilot, "slash", *"librarian", "enter", "enter")
        await settle(pilot)
        assert "incident I-1001: message_bus failed" in screen_text(opened.app)


# ---- silences, playbooks, triggers


async def open_listing(opened: Opened, pilot: Pilot[Any], key: str) -> str:
    await press(opened, pilot, key)
    await settle(pilot)
    assert isinstance(opened.app.screen, ListingScreen)
    return screen_text(opened.app)


async def test_a_silence_is_ended_after_a_question() -> None:
    opened = tended()
    async with opened.app.run_test(size=(120, 40)) as pilot:
        assert "ends soon, 3 min left" in await open_listing(opened, pilot, "S")
        assert "comes back (1)" in await press(opened, pilot, "d")
        await press(opened, pilot, "n", "d", "y")
        await settle(pilot)
        assert acts(opened) == [("silence.end", {"id": NIGHT.id})]


async def test_a_silence_that_is_over_cannot_be_ended() -> None:
    opened = tended()
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await open_listing(opened, pilot, "S")
        assert "no silence in force is selected" in await press(opened, pilot, "end", "d")


async def test_a_silence_is_begun_from_its_page() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_listing(opened, pilot, "S")
        await press(opened, pilot, "a", *"lib", "asterisk", "down", "down", "down", *"so", "enter")
        await settle(pilot)
        assert acts(opened) == [("silence.add", {"matcher": {"kernel": "lib*"}, "for": "30m", "reason": "so"})]


async def test_enter_opens_what_the_silence_hides() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_listing(opened, pilot, "S")
        await press(opened, pilot, "enter")
        await settle(pilot)
        assert "incident I-1002" in screen_text(opened.app)


@pytest.mark.parametrize(("key", "yes"), [("y", True), ("n", False)])
async def test_a_question_is_answered_after_it_was_asked_again(key: str, yes: bool) -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        assert "? 1 question" in screen_text(opened.app)
        assert ASKING.question in await open_listing(opened, pilot, "P")
        assert f"Answer {'yes' if yes else 'no'}?" in await press(opened, pilot, key)
        await press(opened, pilot, "y")
        await settle(pilot)
        assert acts(opened) == [("playbook.answer", {"id": "R-3002", "yes": yes})]


async def test_a_file_that_cannot_be_used_is_named_and_the_keys_are_those_of_the_selected() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        page = await open_listing(opened, pilot, "P")
        assert "✖ wrong.toml" in page
        assert "y yes" in page
        page = await press(opened, pilot, "down", "down")
        assert "line 2: incident.knd is not known" in page
        assert "y yes" not in page


async def test_a_run_that_asks_nothing_cannot_be_answered() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_listing(opened, pilot, "P")
        assert "no run that asks something is selected" in await press(opened, pilot, "down", "y")
        assert acts(opened) == []


async def test_the_steps_of_a_run_are_followed() -> None:
    opened = tended()
    async with opened.app.run_test(size=(120, 40)) as pilot:
        await open_listing(opened, pilot, "P")
        assert "starting message_bus-2" in await press(opened, pilot, "down")
        run = msgspec.structs.replace(TENDED.runs[0], state="failed", detail="no worker came up")
        opened.feed.publish(msgspec.structs.replace(TENDED, sequence=900, runs=(run, *TENDED.runs[1:])))
        await settle(pilot)
        assert "no worker came up" in screen_text(opened.app)


async def test_the_incident_of_a_run_is_opened() -> None:
    opened = tended()
    async with opened.app.run_test(size=(80, 24)) as pilot:
        await open_listing(opened, pilot, "P")
        await press(opened, pilot, "down", "enter")
        await settle(pilot)
        assert f"incident {BUS.id}" in screen_text(opened.app)


@pytest.mark.parametrize(
    ("keys", "verb"), [(["c"], "trigger.check"), (["d", "y"], "trigger.drill"), (["A", "y"], "trigger.accept")]
)
async def test_a_rule_is_checked_drilled_or_accepted(keys: list[str], verb: str) -> None:
    opened = tended()
    async with opened.app.run_test(size=(120, 40)) as pilot:
        shown = await open_listing(opened, pilot, "T")
        assert "5.0k messages, task.code_refactor" in shown
        assert "▇███" in shown
        await press(opened, pilot, *keys)
        await settle(pilot)
        assert acts(opened) == [(verb, {"name": "queue_growth"})]


async def test_a_room_that_cannot_tell_its_rules_says_why() -> None:
    opened = Opened(CALM)
    opened.room.answers["trigger.list"] = {"ok": False, "text": "trigger_mesh is not running"}
    async with opened.app.run_test(size=(80, 24)) as pilot:
        assert "trigger_mesh is not running" in await open_listing(opened, pilot, "T")


async def test_where_there_is_no_room_for_both_tab_goes_to_the_details() -> None:
    opened = tended()
    async with opened.app.run_test(size=(40, 12)) as pilot:
        assert "what it hid" not in await open_listing(opened, pilot, "S")
        await press(opened, pilot, "tab")
        assert opened.app.screen.query_one("#details", PagePane).has_keys
        assert "ends soon" in screen_text(opened.app)
        await press(opened, pilot, "tab")
        assert "silences" in screen_text(opened.app)


# ---- who may act


@pytest.mark.parametrize("keys", [["tab", "a"], ["tab", "s"], ["tab", "x"], ["r"], ["S", "d"], ["P", "y"], ["T", "c"]])
async def test_a_screen_that_only_reads_does_nothing_and_says_so(keys: list[str]) -> None:
    opened = Opened(TENDED, read_only=True).answered_by(answer)
    async with opened.app.run_test(size=(80, 24)) as pilot:
        for key in keys:
            await press(opened, pilot, key)
            await settle(pilot)
        assert "this screen is read-only" in screen_text(opened.app)
        assert acts(opened) == []
