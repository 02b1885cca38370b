"""Candidates that speak as much: a person at a terminal chooses; without one nothing is chosen, and both are named."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from grace_tui.healing.repair.heal.progress import Better
from grace_tui.healing.repair.heal.seen import Run
from grace_tui.healing.repair.heal.stack import Outdated, Stack
from grace_tui.healing.repair.heal.telling import candidates, harmless
from grace_tui.healing.repair.heal.trying import Tried
from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from tests.healing.repair.heal.conftest import LOG, Heal


def patch(summary: str, *, ambiguous: bool = True, ask: str = "", before: str | None = LOG) -> Patch:
    site = Site("missing_name", "log.py", "Log", "row")
    edits = (FileEdit("log.py", before, f"{before or ''}# {summary}\n"),)
    return Patch("renamed", site, summary, edits, ambiguous=ambiguous, ask=ask)


def tried(patch: Patch, tree: Path, exit_code: int = 0) -> Tried:
    stack = Stack(tree).plus(patch)
    return Tried(patch, (), Run(exit_code, 0.1), Better(True, ""), stack)


def test_unsure_candidate_is_taken_where_it_alone_passes(tree: Path, healing: Heal) -> None:
    alone = tried(patch("one"), tree)
    assert healing("true")._decide([alone]) is alone


def test_sure_candidate_goes_before_unsure_ones(tree: Path, healing: Heal) -> None:
    sure = tried(patch("sure", ambiguous=False), tree)
    assert healing("true")._decide([tried(patch("one"), tree), sure]) is sure


def test_the_one_that_heals_goes_before_those_that_only_get_further(tree: Path, healing: Heal) -> None:
    heals = tried(patch("heals"), tree)
    assert healing("true")._decide([tried(patch("further"), tree, 1), heals]) is heals


def test_without_a_terminal_none_of_two_is_taken_and_both_are_named(tree: Path, healing: Heal) -> None:
    session = healing("true")
    assert session._decide([tried(patch("one"), tree), tried(patch("two"), tree)]) is None
    assert "one; two" in session.report.reason


def test_a_person_chooses_between_two(tree: Path, healing: Heal) -> None:
    asked: list[str] = []

    def ask(question: str, patches: Sequence[Patch]) -> int:
        asked.append(candidates(patches))
        return 1

    session, two = healing("true"), tried(patch("two"), tree)
    session.ask = ask
    assert session._decide([tried(patch("one"), tree), two]) is two
    assert "[1] one (log.py)" in asked[0]
    assert "+# two" in asked[0]


def test_stack_joins_steps_and_refuses_what_was_made_for_another_text(tree: Path) -> None:
    one = patch("one")
    stack = Stack(tree).plus(one).plus(patch("two", before=one.edits[0].after))
    assert [(edit.path, edit.before) for edit in stack.edits] == [("log.py", LOG)]
    assert stack.text("log.py") == f"{LOG}# one\n# two\n"
    with pytest.raises(Outdated):
        stack.plus(one)


def test_words_of_programs_are_shown_and_not_obeyed() -> None:
    assert harmless("a\x1b[2Jb\nc") == "a\\x1b[2Jb\nc"
