"""Every `.case` file beside this one is a repair: sources before, the site, and the exact text after or refusal."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grace_tui.healing.repair.operators import OPERATORS
from grace_tui.healing.repair.patch import Refused, Site
from grace_tui.healing.repair.scene import Scene
from grace_tui.healing.repair.tree import FileTree

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("*/*.case"))


@dataclass
class Case:
    """`key: value` lines, then `=== before PATH` and `=== after PATH` sections."""

    site: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


def read_case(path: Path) -> Case:
    head, *sections = path.read_text().split("=== ")
    case = Case()
    for line in head.splitlines():
        key, _, value = line.partition(": ")
        case.site[key] = value
    for section in sections:
        title, _, text = section.partition("\n")
        which, _, name = title.partition(" ")
        (case.before if which == "before" else case.after)[name] = text
    return case


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_operator_makes_the_repair_of_the_case(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    for name, text in case.before.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    operator = path.parent.name
    site = Site(
        problem=operator,
        provider=case.site["provider"],
        qualname=case.site["qualname"],
        name=case.site["name"],
        value_type=case.site.get("type", ""),
        consumers=tuple(case.site.get("consumers", "").split()),
    )
    outcome = OPERATORS[operator].propose(site, Scene(FileTree(tmp_path)))
    if "refused" in case.site:
        assert isinstance(outcome, Refused)
        assert outcome.reason == case.site["refused"]
    else:
        assert not isinstance(outcome, Refused), outcome.reason
        patch = outcome[int(case.site.get("candidate", "0"))]
        assert {edit.path: edit.after for edit in patch.edits} == case.after
        assert {edit.path: edit.before for edit in patch.edits} == {path: case.before[path] for path in case.after}


def test_every_operator_has_cases() -> None:
    assert {path.parent.name for path in CASES} == set(OPERATORS)
