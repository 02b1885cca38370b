"""Cutting a source into what can be put back by itself, and putting it back."""

from pathlib import Path

import pytest

import grace_tui
from grace_tui.healing.repair.history.damage import undamaged
from grace_tui.healing.repair.history.merge import put_back, three_way
from grace_tui.healing.repair.history.segments import cut

SOURCES = sorted(Path(grace_tui.__file__).parent.glob("kernel/*.py"))

BEFORE = '''"""Rows."""

import os


class Log:
    """Keeps rows."""

    rows: list = []

    # the newest first
    @property
    def newest(self):
        return self.rows[-1]

    @newest.setter
    def newest(self, row):
        self.rows.append(row)

    def first(self): return self.rows[0]


def load(name):
    return os.fspath(name)
'''


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_segments_are_the_whole_text(path: Path) -> None:
    text = path.read_text()
    assert "".join(segment.text for segment in cut(text) or []) == text


@pytest.mark.parametrize(
    "text",
    [
        "x = 1; y = 2\n",
        "class A: pass\n",
        "class A:\n\n    # why\n    x = 1\n# end",
        "\ufeffx = 1\r\ny = 2\r\n",
        "",
        "#\n",
    ],
)
def test_odd_layouts_are_cut_without_loss(text: str) -> None:
    assert "".join(segment.text for segment in cut(text) or []) == text


def test_segments_are_named_by_what_they_define() -> None:
    keys = [segment.key for segment in cut(BEFORE) or []]
    assert keys == [
        "doc",
        "import os",
        "class Log",
        "Log.doc",
        "Log.=rows",
        "Log.newest",
        "Log.newest@setter",
        "Log.first",
        "load",
    ]


def test_layout_comments_and_documentation_are_no_difference() -> None:
    one, other = cut("def f(a):\n    '''Doc.'''\n    return a\n"), cut("# why\ndef f(a): return (a)\n")
    assert one is not None
    assert other is not None
    assert one[0].code == other[0].code


@pytest.mark.parametrize("key", ["import os", "Log.newest", "Log.newest@setter", "Log.first", "load", "Log.=rows"])
def test_what_was_taken_out_is_put_back_where_it_was(key: str) -> None:
    before = cut(BEFORE) or []
    now = cut("".join(segment.text for segment in before if segment.key != key)) or []
    assert put_back(now, {}, before, {key}, {}) == BEFORE


def test_class_that_is_gone_is_put_back_between_its_neighbours() -> None:
    before = cut(BEFORE) or []
    keys = {segment.key for segment in before if "Log" in segment.key}
    now = cut("".join(segment.text for segment in before if segment.key not in keys)) or []
    assert put_back(now, {}, before, keys, {}) == BEFORE


def test_function_never_lands_inside_a_class() -> None:
    before = cut("class A:\n    def m(self): ...\n    def n(self): ...\n\n\ndef g(): ...\n") or []
    now = cut("class A:\n    def m(self): ...\n    def o(self): ...\n") or []
    assert (
        put_back(now, {}, before, {"g"}, {})
        == "class A:\n    def m(self): ...\n    def o(self): ...\n\n\ndef g(): ...\n"
    )


def test_segment_that_changed_since_is_merged() -> None:
    before, base = (
        "def f(a, b=1):\n    x = 1\n    y = 2\n    return a\n",
        "def f(a):\n    x = 1\n    y = 2\n    return a\n",
    )
    now = base.replace("return a", "return a + 1")
    result = put_back(cut(now) or [], {entry.key: entry for entry in cut(base) or []}, cut(before) or [], {"f"}, {})
    assert result == "def f(a, b=1):\n    x = 1\n    y = 2\n    return a + 1\n"


def test_changes_of_the_same_lines_cannot_be_merged() -> None:
    assert three_way("a\nnow\n", "a\nbase\n", "a\nbefore\n") is None


def test_damage_goes_and_other_changes_stay() -> None:
    gap = "".join(f"x{number} = {number}\n" for number in range(10))
    before = f"def f():\n    return 1\n{gap}def g():\n    return 2\n"
    now = f"def f(:\n    return 1\n{gap}def g():\n    return 3\n"
    assert undamaged(before, now) == [f"def f():\n    return 1\n{gap}def g():\n    return 3\n", before]


def test_text_that_parses_has_no_damage() -> None:
    assert undamaged("x = 1\n", "x = 2\n") == []
    assert undamaged("x = (\n", "x = )\n") == []
