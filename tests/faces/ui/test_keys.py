"""One table drives bindings, footer, help and palette."""

import pytest

from grace_tui.faces.ui.keys import (
    FILE_KEYS,
    INCIDENT_KEYS,
    PAGE_KEYS,
    PLAYBOOK_KEYS,
    ROOM_KEYS,
    SILENCE_KEYS,
    TABLES,
    TRIGGER_KEYS,
    Key,
    bindings,
    footer,
)
from grace_tui.faces.ui.screens.files import FilesScreen
from grace_tui.faces.ui.screens.incident import IncidentScreen
from grace_tui.faces.ui.screens.page import PageScreen
from grace_tui.faces.ui.screens.playbooks import PlaybooksScreen
from grace_tui.faces.ui.screens.room import RoomScreen
from grace_tui.faces.ui.screens.silences import SilencesScreen
from grace_tui.faces.ui.screens.stage import Stage
from grace_tui.faces.ui.screens.triggers import TriggersScreen

SCREENS: dict[type[Stage], tuple[Key, ...]] = {
    RoomScreen: ROOM_KEYS,
    PageScreen: PAGE_KEYS,
    IncidentScreen: INCIDENT_KEYS,
    FilesScreen: FILE_KEYS,
    TriggersScreen: TRIGGER_KEYS,
    PlaybooksScreen: PLAYBOOK_KEYS,
    SilencesScreen: SILENCE_KEYS,
}


@pytest.mark.parametrize("keys", SCREENS.values(), ids=[screen.__name__ for screen in SCREENS])
def test_no_key_means_two_things(keys: tuple[Key, ...]) -> None:
    names = [name for key in keys for name in key.keys.split(",")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("screen", "keys"), SCREENS.items(), ids=[screen.__name__ for screen in SCREENS])
def test_every_key_has_its_action(screen: type[Stage], keys: tuple[Key, ...]) -> None:
    actions = {key.action.partition("(")[0] for key in keys if not key.action.startswith("app.")}
    assert [action for action in actions if not hasattr(screen, f"action_{action}")] == []


def test_bindings_are_made_of_the_table() -> None:
    made = {binding.key: (binding.action, binding.priority) for binding in bindings(ROOM_KEYS)}
    assert made["q"] == ("leave", False)
    assert made["ctrl+c"] == ("leave", True)
    assert {action for action, _ in made.values()} == {key.action for key in ROOM_KEYS}


def test_footer_has_the_most_needed_first_and_the_way_out_last() -> None:
    shown = footer(ROOM_KEYS)
    assert (shown[0], shown[-1]) == (("Enter", "open"), ("q", "leave"))


def test_keys_of_what_does_not_exist_are_not_offered() -> None:
    assert not {"c", "X"} & {name for key in ROOM_KEYS for name in key.keys.split(",")}


def test_every_act_of_every_screen_is_told_in_the_help() -> None:
    told = {(key.action, key.shown) for _, keys in TABLES for key in keys}
    acts = {(key.action, key.shown) for keys in SCREENS.values() for key in keys if key.group == "Act"}
    assert acts - told == set()
