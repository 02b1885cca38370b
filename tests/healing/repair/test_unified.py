"""A diff that a person edited: applied where it fits, refused with the line where it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from grace_tui.healing.repair.unified import DiffRefused, edits_of

SITE = Site("", "f.py", "", "")
TEXT = "one\ntwo\nthree\nfour\n"
LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "c\n", "  d\n", "-x\n", "+y\n", "-- a\n", "++ b\n"]), max_size=20)


def diff(before: str | None, after: str) -> str:
    return Patch("", SITE, "", (FileEdit("f.py", before, after),)).diff


@given(LINES, LINES, st.booleans(), st.booleans())
def test_a_diff_makes_what_it_was_made_of(before: list[str], after: list[str], open_a: bool, open_b: bool) -> None:
    one, other = "".join(before), "".join(after)
    one, other = one.rstrip("\n") if open_a else one, other.rstrip("\n") if open_b else other
    if one != other:
        (edit,) = edits_of(diff(one, other), lambda path: one)
        assert edit.after == other


def test_counts_that_a_person_did_not_mend_do_not_matter() -> None:
    edited = "--- a/f.py\n+++ b/f.py\n@@ -1,9 +1,2 @@\n one\n-two\n+2\n+2.5\n three\n"
    (edit,) = edits_of(edited, lambda path: TEXT)
    assert edit.after == "one\n2\n2.5\nthree\nfour\n"


def test_a_hunk_is_found_where_the_file_grew() -> None:
    (edit,) = edits_of(diff(TEXT, TEXT.replace("four", "4")), lambda path: "zero\n" * 9 + TEXT)
    assert edit.after == "zero\n" * 9 + "one\ntwo\nthree\n4\n"


def test_line_ends_stay_what_they_are() -> None:
    (edit,) = edits_of(diff(TEXT, TEXT.replace("two", "2")), lambda path: TEXT.replace("\n", "\r\n"))
    assert edit.after == "one\r\n2\r\nthree\r\nfour\r\n"


def test_a_file_can_be_made() -> None:
    (edit,) = edits_of("--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x = 1\n", lambda path: None)
    assert edit == FileEdit("new.py", None, "x = 1\n")


@pytest.mark.parametrize(
    ("edited", "line", "why"),
    [
        ("", 1, "nothing would change"),
        ("--- a/f.py\n+++ b/f.py\n@@ -1 +1 @@\n-one\n+one\n", 1, "nothing would change"),
        ("--- a/g.py\n+++ b/g.py\n@@ -1 +1 @@\n-one\n+1\n", 1, "there is no g.py"),
        ("--- a/f.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", 2, "a repair removes no file"),
        ("--- a/f.py\n+++ b/f.py\n@@ -1 +1 @@\n one\n-zwei\n+2\n", 5, "'zwei' is not line 2 of f.py: 'two'"),
        ("--- a/f.py\n+++ b/f.py\n@@ -4 +4 @@\n four\n-five\n+5\n", 5, "f.py ends before 'five'"),
        ("--- a/f.py\n+++ b/f.py\n@@ -1 +1 @@\n-one\n*1\n", 5, "begins with none of blank"),
    ],
)
def test_what_does_not_apply_is_refused_with_its_line(edited: str, line: int, why: str) -> None:
    with pytest.raises(DiffRefused, match=why) as refused:
        edits_of(edited, {"f.py": TEXT}.get)
    assert refused.value.line == line
