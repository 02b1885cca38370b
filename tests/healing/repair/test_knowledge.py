"""What was proven once is kept in words, and replayed where its anchors and preconditions hold."""

from pathlib import Path

import pytest
import tomli_w

from grace_tui.disk import digest
from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.knowledge import Knowledge, KnownFix, NotNow, Recalled, Unreadable, reader, recall, told
from grace_tui.healing.repair.patch import FileEdit, Patch, Site

SITE = Site("unexpected_keyword", "kernels/log.py", "Log.append", "part", "str", ("kernels/agent.py",))


def fixed(text: str) -> str:
    """The definition and a helper: what the operators do to a log."""
    text = text.replace("action: str) ->", 'action: str, part: str = "") ->')
    text = text.replace('"action": action}', '"action": action, "part": kept(part)}')
    return text.replace("\n\nclass Log", "\n\ndef kept(value: str) -> str:\n    return value  # é\n\n\nclass Log")


@pytest.fixture
def patch(root: Path) -> Patch:
    before = (root / "kernels/log.py").read_text()
    return Patch("unexpected_keyword", SITE, "it", (FileEdit("kernels/log.py", before, fixed(before)),))


@pytest.fixture
def knowledge(root: Path) -> Knowledge:
    return Knowledge(root / ".grace/knowledge")


def test_fix_is_read_back_as_it_was_learned(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    learned = knowledge.learn("typeerror-agent-1", refused_keyword, patch)
    assert knowledge.find("typeerror-agent-1") == learned
    recalled = recall(learned, reader(root))
    assert isinstance(recalled, Recalled)
    assert (recalled.patch.edits, recalled.exact) == (patch.edits, True)
    text = (root / ".grace/knowledge/typeerror-agent-1.toml").read_text()
    assert 'operator = "unexpected_keyword"' in text
    assert "# é" in text
    assert 'path = "class Log > def append"' in text


def test_confidence_is_the_mean_of_what_was_seen(knowledge: Knowledge, patch: Patch, refused_keyword: Failure) -> None:
    first = knowledge.learn("s", refused_keyword, patch)
    assert (first.confidence, first.trusted) == (2 / 3, True)
    failed = knowledge.outcome("s", success=False)
    assert failed is not None
    assert (failed.confidence, failed.trusted) == (0.5, False)
    again = knowledge.learn("s", refused_keyword, patch)
    assert (again.successes, again.failures, again.confidence) == (2, 1, 0.6)


def learned(knowledge: Knowledge, patch: Patch, failure: Failure) -> KnownFix:
    return knowledge.learn("s", failure, patch)


def test_fix_applies_to_its_definition_whatever_the_rest_of_the_file_says(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    before = (root / "kernels/log.py").read_text()
    other = f"# mine\n{before.replace('priority=2', 'priority=7')}\n\nLIMIT = 3\n".replace(
        "self.rows.append(row)", "self.rows.append(row)  # at the end"
    )
    recalled = recall(learned(knowledge, patch, refused_keyword), lambda path: other)
    assert isinstance(recalled, Recalled)
    assert recalled.patch.edits[0].after == fixed(other)
    assert not recalled.exact


def test_class_that_the_fix_adds_with_its_members_is_remembered_by_its_pieces(
    knowledge: Knowledge, refused_keyword: Failure
) -> None:
    before = "import json\n\n\nclass Rules:\n    limit = 1\n\n    def check(self):\n        return self.limit\n"
    after = before.replace("Rules", "Rule")
    edit = FileEdit("kernels/rules.py", before, after)
    recalled = recall(
        learned(knowledge, Patch("o", SITE, "", (edit,)), refused_keyword), lambda path: f"{before}\n\nX = 1\n"
    )
    assert isinstance(recalled, Recalled)
    assert recalled.patch.edits[0].after == f"{after}\n\nX = 1\n"


def test_line_ends_of_the_file_are_kept(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    before = (root / "kernels/log.py").read_text().replace("\n", "\r\n")
    recalled = recall(learned(knowledge, patch, refused_keyword), lambda path: before)
    assert isinstance(recalled, Recalled)
    assert recalled.patch.edits[0].after == patch.edits[0].after.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("old", "new", "reason", "gone"),
    [
        ("return len(self.rows)", "return 0", "class Log > def append is no longer what the fix was proven on", False),
        ("def append", "def add", "kernels/log.py has no class Log > def append any more", True),
        ("class Log(Kernel)", "class Journal(Kernel)", "kernels/log.py has no class Log > def append any more", True),
        ("class Log", "def kept() -> int:\n    return 1\n\n\nclass Log", "which the fix adds, is there already", False),
        ("    async def start", "    async def", "kernels/log.py does not parse", False),
    ],
)
def test_fix_says_why_it_does_not_apply(
    root: Path,
    knowledge: Knowledge,
    patch: Patch,
    refused_keyword: Failure,
    old: str,
    new: str,
    reason: str,
    gone: bool,
) -> None:
    fix = learned(knowledge, patch, refused_keyword)
    file = root / "kernels/log.py"
    file.write_text(file.read_text().replace(old, new))
    found = recall(fix, reader(root))
    assert isinstance(found, NotNow)
    assert reason in found.reason
    assert found.gone == gone


def test_names_that_a_fix_uses_have_to_be_there(root: Path, knowledge: Knowledge, refused_keyword: Failure) -> None:
    before = "import json\nimport sys\n\n\ndef a() -> None: ...\n"
    patch = Patch("o", SITE, "it", (FileEdit("a.py", before, before.replace("...", "json.dumps(1)")),))
    fix = knowledge.learn("s", refused_keyword, patch)
    found = recall(fix, lambda path: before.replace("import json\n", ""))
    assert isinstance(found, NotNow)
    assert found.reason == "a.py no longer binds json, which the fix uses"


def test_fix_that_is_in_place_is_not_put_in_twice(
    root: Path, knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    fix = learned(knowledge, patch, refused_keyword)
    for text in (patch.edits[0].after, f"{patch.edits[0].after}\n\nX = 1\n"):
        found = recall(fix, lambda path, text=text: text)  # type: ignore[misc]
        assert found == NotNow("kernels/log.py holds the known fix already")


def test_change_of_a_text_that_does_not_parse_is_replayed_onto_that_very_text(
    knowledge: Knowledge, refused_keyword: Failure
) -> None:
    patch = Patch("syntax", SITE, "it", (FileEdit("kernels/log.py", "def a(:\n", "def a():\n    pass\n"),))
    fix = knowledge.learn("s", refused_keyword, patch)
    assert isinstance(recall(fix, lambda path: "def a(:\n"), Recalled)
    found = recall(fix, lambda path: "def b(:\n")
    assert found == NotNow("kernels/log.py is no longer the text that the fix was proven on")


def test_a_file_that_the_fix_makes_must_not_be_there(knowledge: Knowledge, refused_keyword: Failure) -> None:
    patch = Patch("shim", SITE, "it", (FileEdit("kernels/old.py", None, ""),))
    fix = knowledge.learn("s", refused_keyword, patch)
    assert isinstance(recall(fix, {"kernels/log.py": ""}.get), Recalled)
    found = recall(fix, {"kernels/log.py": "", "kernels/old.py": "x = 1\n"}.get)
    assert isinstance(found, NotNow)
    assert found.reason == "kernels/old.py, which the fix makes, is there already and says something else"
    assert recall(fix, lambda path: None) == NotNow("there is no kernels/log.py any more", gone=True)


def test_a_file_of_the_first_version_is_still_read_and_replayed(root: Path, knowledge: Knowledge, patch: Patch) -> None:
    before, after = patch.edits[0].before or "", patch.edits[0].after
    old = {
        **{"signature": "s", "kernel": "agent", "kind": "TypeError", "message": "m", "summary": "it", "operator": "o"},
        **{"successes": 2, "failures": 0, "learned_at": 1.0, "last_used": 1.0, "diff": patch.diff},
        "site": {"problem": "p", "provider": "kernels/log.py", "qualname": "", "name": "", "consumers": []},
        "files": [
            {
                "path": "kernels/log.py",
                "before": digest(before.encode()),
                "after": digest(after.encode()),
                "text": after,
            }
        ],
    }
    knowledge.folder.mkdir(parents=True)
    (knowledge.folder / "s.toml").write_text(tomli_w.dumps(old))
    fix = knowledge.find("s")
    assert isinstance(fix, KnownFix)
    assert (fix.version, fix.trusted) == (1, True)
    recalled = recall(fix, reader(root))
    assert isinstance(recalled, Recalled)
    assert recalled.patch.edits == patch.edits
    assert recalled.exact
    again = knowledge.outcome("s", True, recalled.patch)
    assert again is not None
    assert (again.version, again.successes, bool(again.files[0].anchors)) == (2, 3, True)


def test_fix_is_demoted_at_once_however_often_it_helped(
    knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    for _ in range(9):
        fix = learned(knowledge, patch, refused_keyword)
    assert (fix.successes, fix.trusted) == (9, True)
    failed = knowledge.outcome("s", success=False, where="T-1", detail="agent did not run")
    assert failed is not None
    assert failed.confidence > 0.5
    assert not failed.trusted
    assert "not trusted: its last use failed" in told(failed)
    assert "failed by T-1: agent did not run" in told(failed)
    assert learned(knowledge, patch, refused_keyword).trusted


def test_expired_fix_is_used_again_when_what_it_changes_is_back(
    knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    learned(knowledge, patch, refused_keyword)
    expired = knowledge.expire("s", "there is no kernels/log.py any more")
    assert expired is not None
    assert "expired: there is no kernels/log.py any more" in told(expired)
    back = knowledge.expire("s", "")
    assert back is not None
    assert back.expired == ""


def test_fix_that_names_a_file_elsewhere_is_not_read(
    knowledge: Knowledge, patch: Patch, refused_keyword: Failure
) -> None:
    learned(knowledge, patch, refused_keyword)
    path = knowledge.folder / "s.toml"
    path.write_text(path.read_text().replace('path = "kernels/log.py"', 'path = "../log.py"'))
    found = knowledge.find("s")
    assert isinstance(found, Unreadable)
    assert "'../log.py', which is not below the root" in found.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("successes = 1", "successes = 'x'", "ValidationError"),
        ("successes = 1", "successes =", "TOMLDecodeError"),
        ("version = 2", "version = 3", "it is of version 3; this Grace knows 2"),
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
