"""A file that was formatted stays so; what the formatter does not know of a file stays as well."""

from pathlib import Path

import pytest

from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from grace_tui.healing.repair.tidy import tidy


@pytest.mark.parametrize(
    ("before", "after", "tidied"),
    [
        ("a = 1\n", "a = 1\nb=2\n", "a = 1\nb = 2\n"),
        ("a=1\n", "a=1\nb=2\n", "a=1\nb=2\n"),
        ("\ufeffa = 1\n", "\ufeffa = 1\nb=2\n", "\ufeffa = 1\nb = 2\n"),
        ("a = 1\r\n", "a = 1\r\nb=2\r\n", "a = 1\r\nb = 2\r\n"),
        ("a = 1  # caf\udce9\n", "a = 1  # caf\udce9\nb=2\n", "a = 1  # caf\udce9\nb=2\n"),
    ],
    ids=["formatted", "not formatted", "byte order mark", "CRLF", "bytes of no encoding"],
)
def test_layout(tmp_path: Path, before: str, after: str, tidied: str) -> None:
    patch = Patch("", Site("", "a.py", "", ""), "", (FileEdit("a.py", before, after),))
    assert tidy(patch, tmp_path).edits[0].after == tidied
