"""The catalogue, what the room can do, and what the README says are the same; and every shipped step can be done."""

import re
import tomllib
from pathlib import Path

import pytest

from grace_tui.healing.playbooks.library import SHIPPED
from grace_tui.room.actions.acts import ACTS
from grace_tui.room.actions.catalogue import CATALOGUE
from grace_tui.room.actions.table import actions_table

README = Path(__file__).parents[3] / "README.md"


def test_every_action_of_the_catalogue_is_one_that_the_room_can_do() -> None:
    assert set(ACTS) == set(CATALOGUE)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_action_takes_back_and_asks_exactly_where_it_says_so(name: str) -> None:
    spec, act = CATALOGUE[name], ACTS[name]
    assert (act.undo is not None, act.approved is not None) == (spec.undoes, spec.asks)
    assert spec.name == name
    assert spec.does.endswith(".")


def test_defaults_are_what_the_parameters_take() -> None:
    kinds = {"number": int | float, "seconds": int | float, "text": str, "flag": bool}
    for spec in CATALOGUE.values():
        for name, parameter in spec.parameters.items():
            fits = parameter.default is None or isinstance(parameter.default, kinds[parameter.kind])
            assert fits, f"{spec.name} {name}"
            assert not parameter.choices or parameter.default in parameter.choices


def test_readme_has_the_current_table() -> None:
    shown = re.search(r"<!-- actions -->\n(.*?)<!-- /actions -->", README.read_text(), re.DOTALL)
    assert shown, "README.md has no markers for the actions"
    assert shown[1].strip() == actions_table(), "paste the output of actions_table() between the markers"


def test_every_shipped_playbook_takes_actions_of_the_catalogue() -> None:
    steps = [step for file in SHIPPED.glob("*.toml") for step in tomllib.loads(file.read_text()).get("step", [])]
    assert steps
    assert {step["action"] for step in steps} <= set(CATALOGUE)
