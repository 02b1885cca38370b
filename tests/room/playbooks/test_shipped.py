"""The shipped playbooks as a whole: every one loads against the room's actions, in any workspace, and has its drill."""

import re
from pathlib import Path

import pytest

from grace_tui.healing.playbooks.arguments import Known
from grace_tui.healing.playbooks.library import SHIPPED, read_library
from grace_tui.healing.playbooks.loading import load_playbook
from grace_tui.room.actions import CATALOGUE

NAMES = sorted(path.stem for path in SHIPPED.glob("*.toml"))
HERE = Path(__file__).parent
ANYWHERE = Known(CATALOGUE, frozenset())
"""A workspace without a single kernel."""


def test_every_shipped_playbook_can_be_used_in_any_workspace(tmp_path: Path) -> None:
    library = read_library(SHIPPED, tmp_path, ANYWHERE)
    assert not library.refused
    assert sorted(library.playbooks) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_playbook_says_why_it_exists(name: str) -> None:
    path = SHIPPED / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Why: ")
    assert load_playbook(path, ANYWHERE).name == name


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_playbook_has_a_drill_on_a_real_room(name: str) -> None:
    drills = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py")]
    played = re.compile(rf'stage\.play\("{name}"|^        \("{name}", ', re.MULTILINE)
    assert any(played.search(drill) for drill in drills)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_playbook_takes_nothing_down_and_widens_nothing_by_itself(name: str) -> None:
    playbook = load_playbook(SHIPPED / f"{name}.toml", ANYWHERE)
    assert not {step.action for step in playbook.step} & {"stop", "quarantine"}
    touching = [step for step in playbook.step if step.action == "restore_file"]
    asked = [step.action for step in playbook.step].index("ask") if touching else 0
    assert all(playbook.step.index(step) > asked for step in touching)


def test_the_playbook_in_the_readme_can_be_used(tmp_path: Path) -> None:
    readme = (HERE.parents[2] / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```toml\n(# playbooks/.*?)```", readme, re.DOTALL)
    assert found is not None
    path = tmp_path / "unclog_import.toml"
    path.write_text(found[1], encoding="utf-8")
    assert load_playbook(path, ANYWHERE).name == "unclog_import"
