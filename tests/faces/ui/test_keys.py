"""One table drives bindings, footer, help and palette."""

import pytest

from grace_tui.faces.ui.keys import PAGE_KEYS, ROOM_KEYS, Key, bindings, footer
from grace_tui.faces.ui.screens.page import PageScreen
from grace_tui.faces.ui.screens.room import RoomScreen
from grace_tui.faces.ui.screens.stage import Stage


@pytest.mark.parametrize("keys", [ROOM_KEYS, PAGE_KEYS], ids=["room", "page"])
def test_no_key_means_two_things(keys: tuple[Key, ...]) -> None:
    names = [name for key in keys for name in key.keys.split(",")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("screen", "keys"), [(RoomScreen, ROOM_KEYS), (PageScreen, PAGE_KEYS)])
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
