"""The whole way from a failure to a proven patch, with every gate as it runs in a room."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.repair import repair as module
from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from grace_tui.healing.repair.questions import Proposal
from grace_tui.healing.repair.repair import Progress, Proven, Unrepaired, repair
from grace_tui.healing.repair.reproduce import Reproduction

Write = Callable[[Path, dict[str, str]], None]


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


async def test_refused_keyword_is_proven_without_touching_a_file(root: Path, refused_keyword: Failure) -> None:
    before = contents(root)
    seen: list[Progress] = []
    outcome = await repair(refused_keyword, root, on_progress=seen.append)
    assert isinstance(outcome, Proven), outcome
    assert outcome.patch.files == ("kernels/log.py",)
    assert '"part": part' in outcome.patch.edits[0].after
    assert {gate.name: gate.state for gate in outcome.gates} == dict.fromkeys(
        ("compiles", "paths", "consumers", "size", "surface", "lint", "types", "tests", "replay", "canary"), "passed"
    )
    assert all(gate.ms > 0 for gate in outcome.gates)
    assert [*dict.fromkeys(progress.state for progress in seen)] == ["diagnosing", "trying", "gating"]
    assert contents(root) == before


async def test_lost_export_is_proven_and_says_that_no_tests_ran(root: Path, lost_export: Failure) -> None:
    outcome = await repair(lost_export, root)
    assert isinstance(outcome, Proven), outcome
    assert outcome.patch.files == ("kernels/models/__init__.py",)
    tests = next(gate for gate in outcome.gates if gate.name == "tests")
    assert (tests.state, tests.detail) == (
        "skipped",
        "no tests/kernels/test_*.py for rules or kernels/models/__init__.py",
    )


async def test_failure_that_does_not_show_in_a_copy_is_not_repaired(root: Path, refused_keyword: Failure) -> None:
    agent = root / "kernels/agent.py"
    agent.write_text(agent.read_text().replace(', part="core"', ""))
    outcome = await repair(refused_keyword, root)
    assert isinstance(outcome, Unrepaired)
    assert outcome.reason == "gate replay: without the patch the failure did not show again: it ran"


async def test_failing_test_stops_the_patch(root: Path, refused_keyword: Failure, write: Write) -> None:
    strict = "import inspect\n\nfrom kernels.log import Log\n\n\ndef test_append_takes_two() -> None:\n"
    strict += "    assert len(inspect.signature(Log.append).parameters) == 3\n"
    write(root, {"tests/kernels/test_log.py": strict})
    outcome = await repair(refused_keyword, root)
    assert isinstance(outcome, Unrepaired)
    assert outcome.reason.startswith("gate tests: tests.kernels.test_log.test_append_takes_two: assert 4 == 3")


async def test_test_that_fails_without_the_patch_too_is_not_its_fault(
    root: Path, refused_keyword: Failure, write: Write
) -> None:
    broken = "from kernels.missing import thing\n\n\ndef test_thing() -> None:\n    assert thing\n"
    write(root, {"tests/kernels/test_agent.py": broken})
    outcome = await repair(refused_keyword, root)
    assert isinstance(outcome, Proven), outcome
    tests = next(gate for gate in outcome.gates if gate.name == "tests")
    assert tests.detail == "1 passed in agent, log; 1 fail just as without the patch"


async def test_type_error_makes_the_next_candidate_win(root: Path, refused_keyword: Failure) -> None:
    log = root / "kernels/log.py"
    text = log.read_text().replace("dict[str, object]", "dict[str, str]").replace("action: str)", 'action: str = "")')
    log.write_text(text)
    outcome = await repair(refused_keyword, root)
    assert isinstance(outcome, Proven), outcome
    assert 'part: str = ""' in outcome.patch.edits[0].after


async def test_commands_failure_is_repaired_too(tmp_path: Path, write: Write) -> None:
    write(
        tmp_path,
        {
            "shop/__init__.py": "",
            "shop/cart.py": "class Cart:\n    def __init__(self, owner):\n        self.owner = owner\n",
            "main.py": "from shop.cart import Cart\n\ncart = Cart(owner='me', currency='EUR')\nprint(cart.currency)\n",
        },
    )
    message = "Cart.__init__() got an unexpected keyword argument 'currency'"
    failure = Failure("command", "run", "TypeError", message, (Frame("main.py", True, "<module>", 3),))
    command = Reproduction("command", command=("python", str(tmp_path / "main.py")))
    outcome = await repair(failure, tmp_path, reproduction=command)
    assert isinstance(outcome, Proven), outcome
    assert outcome.patch.edits[0].after.endswith("        self.currency = currency\n")


async def test_unknown_failure_is_refused_in_words(root: Path, refused_keyword: Failure) -> None:
    outcome = await repair(replace(refused_keyword, kind="ValueError", message="no"), root)
    assert isinstance(outcome, Unrepaired)
    assert outcome.reason == "no diagnosis fits ValueError: no"


@pytest.mark.parametrize(
    ("second", "ask"),
    [
        ("row['x'] = part", "row gets a key of its own speaks for itself as much, and passes as well"),
        ("row['x'] = missing", ""),
    ],
    ids=["both pass", "one alone passes"],
)
async def test_of_two_that_speak_as_much_one_has_to_pass_alone(
    root: Path, refused_keyword: Failure, monkeypatch: pytest.MonkeyPatch, second: str, ask: str
) -> None:
    before = (root / "kernels/log.py").read_text()
    widened = before.replace("action: str)", "action: str, part: object = None)")
    site = Site("unexpected_keyword", "kernels/log.py", "Log.append", "part", consumers=("kernels/agent.py",))

    def patch(summary: str, line: str) -> Patch:
        after = widened.replace("        self.rows.append", f"        {line}\n        self.rows.append")
        return Patch("test", site, summary, (FileEdit("kernels/log.py", before, after),), ambiguous=True)

    two = (
        patch("row keeps part", 'row["part"] = part'),
        patch("row gets a key of its own", second.replace("[part]", "['x']")),
    )

    async def proposed(failure: Failure, root: Path) -> Proposal:
        return Proposal(site, two, "test")

    monkeypatch.setattr(module, "propose", proposed)
    outcome = await repair(refused_keyword, root)
    assert isinstance(outcome, Proven), outcome
    assert (outcome.patch.summary, outcome.ask) == ("row keeps part", ask)
    assert len(outcome.rivals) == bool(ask)
