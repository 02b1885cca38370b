"""Names that a body uses as if they were parameters."""

from pathlib import Path

import pytest

from grace_tui.healing.repair.calling.lost import lost_names, passed_on_as
from grace_tui.healing.repair.index import FunctionNode, Index
from grace_tui.healing.repair.tree import FileTree


def function(root: Path, text: str) -> tuple[Index, FunctionNode]:
    (root / "app.py").write_text(text)
    index = Index(FileTree(root))
    found = index.find("app.py", "run")
    assert found is not None
    assert isinstance(found.node, FunctionNode)
    return index, found.node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("def run(a):\n    return a + b\n", ("b",), id="unbound"),
        pytest.param("b = 1\ndef run(a):\n    return a + b\n", (), id="module"),
        pytest.param("def run(a):\n    return len(a)\n", (), id="builtin"),
        pytest.param("def run(a):\n    b = b or a\n    return b\n", ("b",), id="read-before-bound"),
        pytest.param("def run(a):\n    for b in a:\n        print(b)\n", (), id="loop"),
        pytest.param("def run(a):\n    return [b for b in a]\n", (), id="comprehension"),
        pytest.param("def run(a):\n    def inner():\n        return b\n    return inner\n", ("b",), id="nested"),
        pytest.param("def run(a):\n    return b\nif __name__ == '__main__':\n    b = 1\n", ("b",), id="script"),
        pytest.param("def run(a):\n    global b\n    b = a\n    return b\n", (), id="global"),
        pytest.param(
            "def run(a):\n    try:\n        b = 1\n    except ValueError as c:\n        b = c\n", (), id="handler"
        ),
    ],
)
def test_lost_names_are_those_that_nothing_binds(tmp_path: Path, text: str, expected: tuple[str, ...]) -> None:
    index, node = function(tmp_path, text)
    assert lost_names(index, "app.py", node) == expected


@pytest.mark.parametrize(
    ("text", "name", "star"),
    [
        ("def run(a):\n    return call(a, **more)\n", "more", "**"),
        ("def run(a):\n    return call(a, *more)\n", "more", "*"),
        ("def run(a):\n    return options.get(a)\n", "options", "**"),
        ("def run(a):\n    return more.get(a)\n", "more", ""),
    ],
)
def test_spread_names_took_all_the_rest(tmp_path: Path, text: str, name: str, star: str) -> None:
    _, node = function(tmp_path, text)
    assert passed_on_as(node, name) == star
