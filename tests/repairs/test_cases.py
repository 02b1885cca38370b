"""Every `.case` file beside this one is a repair: sources before, the site, and the exact text after or refusal."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.allowed import Allowed
from grace_tui.healing.repair.diagnose import DIAGNOSES
from grace_tui.healing.repair.operators import OPERATORS
from grace_tui.healing.repair.patch import Refused, Site
from grace_tui.healing.repair.scene import Scene
from grace_tui.healing.repair.tree import FileTree

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("*/*.case"))
COMMITS = ("history", "broken")
"""Sections that are committed, one commit each; `before` is what the files are then."""
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


@dataclass
class Case:
    """`key: value` lines, then `=== SECTION PATH` and the text of that file.

    Sections are `history` and `broken` (commits), `before` and `after`. A file of a commit that the next section does
    not name is deleted there. With a `failure` (JSON) and no `provider`, the site is what the diagnosis says. `allowed`
    names what policy permits.
    """

    site: dict[str, str] = field(default_factory=dict)
    sections: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def before(self) -> dict[str, str]:
        return self.sections.get("before", {})

    @property
    def after(self) -> dict[str, str]:
        return self.sections.get("after", {})


def read_case(path: Path) -> Case:
    head, *sections = re.split(r"^=== ", path.read_text(), flags=re.MULTILINE)
    case = Case()
    for line in head.splitlines():
        key, _, value = line.partition(": ")
        case.site[key] = value
    for section in sections:
        title, _, text = section.partition("\n")
        which, _, name = title.partition(" ")
        case.sections.setdefault(which, {})[name] = text
    return case


def lay_out(case: Case, root: Path) -> None:
    """Write the files, with the commits before them where the case has such."""
    earlier: Mapping[str, str] = {}
    for commit in [name for name in COMMITS if name in case.sections]:
        if not earlier:
            subprocess.run([*GIT, "init", "-q"], cwd=root, check=True)
        write(root, case.sections[commit], earlier)
        earlier = case.sections[commit]
        subprocess.run([*GIT, "add", "-A"], cwd=root, check=True)
        subprocess.run([*GIT, "commit", "-q", "-m", commit], cwd=root, check=True)
    write(root, case.before, earlier)


def write(root: Path, files: Mapping[str, str], earlier: Mapping[str, str]) -> None:
    for name in earlier:
        (root / name).unlink()
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def site_of(case: Case, problem: str, scene: Scene) -> Site | Refused:
    if scene.failure is not None and "provider" not in case.site:
        return DIAGNOSES[problem](scene.failure, scene)
    return Site(
        problem=problem,
        provider=case.site["provider"],
        qualname=case.site["qualname"],
        name=case.site["name"],
        value_type=case.site.get("type", ""),
        consumers=tuple(case.site.get("consumers", "").split()),
        asked=tuple(case.site.get("asked", "").split()),
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_operator_makes_the_repair_of_the_case(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    lay_out(case, tmp_path)
    told = case.site.get("failure", "")
    failure = msgspec.json.decode(told, type=Failure) if told else None
    scene = Scene(FileTree(tmp_path), failure, Allowed(**dict.fromkeys(case.site.get("allowed", "").split(), True)))
    operator = OPERATORS[path.parent.name]
    site = site_of(case, operator.problem, scene)
    outcome = site if isinstance(site, Refused) else operator.propose(site, scene)
    if "refused" in case.site:
        assert isinstance(outcome, Refused)
        assert outcome.reason == case.site["refused"]
    else:
        assert not isinstance(outcome, Refused), outcome.reason
        patch = outcome[int(case.site.get("candidate", "0"))]
        assert {edit.path: edit.after for edit in patch.edits} == case.after
        assert {edit.path: edit.before for edit in patch.edits} == {path: case.before.get(path) for path in case.after}


def test_every_operator_has_cases() -> None:
    assert {path.parent.name for path in CASES} == set(OPERATORS)
