"""What was proven once is kept in words, and replayed only onto the very text it was proven on."""

from pathlib import Path

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.knowledge import Knowledge, KnownFix, Unreadable, replayed
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site

SITE = Site("unexpected_keyword", "kernels/log.py", "Log.append", "part", "str", ("kernels/agent.py",))


@pytest.fixture
def patch(root: Path) -> Patch:
    before = (root / "kernels/log.py").read_text()
    return Patch("unexpected_keyword", SITE, "it", (FileEdit("kernels/log.py", before, before + "# é\n\n\n"),))


@pytest.fixture
def knowledge(root: Path) -> Knowledge:
    return Knowledge(root / ".grace/knowledge")


def test_fix_is_read_back_as_it_was_learned(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    learned = knowledge.learn("typeerror-agent-1", refused_keyword, patch)
    assert knowledge.find("typeerror-agent-1") == learned
    assert replayed(learned, root) == patch
    text = (root / ".grace/knowledge/typeerror-agent-1.toml").read_text()
    assert 'operator = "unexpected_keyword"' in text
    assert "+# é" in text


def test_confidence_is_the_mean_of_what_was_seen(knowledge: Knowledge, patch: Patch, refused_keyword: Failure) -> None:
    first = knowledge.learn("s", refused_keyword, patch)
    assert (first.confidence, first.trusted) == (2 / 3, True)
    failed = knowledge.outcome("s", success=False)
    assert failed is not None
    assert (failed.confidence, failed.trusted) == (0.5, False)
    again = knowledge.learn("s", refused_keyword, patch)
    assert (again.successes, again.failures, again.confidence) == (2, 1, 0.6)


def test_fix_is_refused_where_the_text_is_another(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    fix = knowledge.learn("s", refused_keyword, patch)
    (root / "kernels/log.py").write_text("# mine\n")
    outcome = replayed(fix, root)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "kernels/log.py is no longer the text that the fix was proven on"
    (root / "kernels/log.py").write_text(patch.edits[0].after)
    outcome = replayed(fix, root)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "kernels/log.py holds the known fix already"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("successes = 1", "successes = 'x'", "ValidationError"),
        ("successes = 1", "successes =", "TOMLDecodeError"),
        ("# é", "# e", "the text kept for kernels/log.py does not have the digest kept for it"),
    ],
)
def test_corrupt_file_is_reported_by_name_and_reason(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure, old: str, new: str, reason: str
) -> None:
    knowledge.learn("s", refused_keyword, patch)
    path = root / ".grace/knowledge/s.toml"
    path.write_text(path.read_text().replace(old, new))
    found = knowledge.find("s")
    assert isinstance(found, Unreadable)
    assert found.path == path
    assert reason in found.reason


def test_all_lists_the_readable_and_the_unreadable(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    assert knowledge.all() == ([], [])
    knowledge.learn("s", refused_keyword, patch)
    (root / ".grace/knowledge/bad.toml").write_text("=")
    fixes, unreadable = knowledge.all()
    assert [fix.signature for fix in fixes] == ["s"]
    assert [entry.path.name for entry in unreadable] == ["bad.toml"]


def test_forgotten_fix_is_gone(knowledge: Knowledge, patch: Patch, refused_keyword: Failure) -> None:
    knowledge.learn("s", refused_keyword, patch)
    assert knowledge.forget("s")
    assert knowledge.find("s") is None
    assert not knowledge.forget("s")


def test_signature_never_names_a_file_elsewhere(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    knowledge.learn("../../kernels/log", refused_keyword, patch)
    assert isinstance(knowledge.find("../../kernels/log"), KnownFix)
    assert len(list((root / ".grace/knowledge").glob("*.toml"))) == 1
