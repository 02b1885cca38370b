"""A key is found on the line where a person would look for it."""

import pytest

from grace_tui.settings.locate import line_of

TEXT = """\
# room = no
room.name = "a"
[supervisor] # table
intensity = 5
'period' = 6

[kernels."api server".limits]
calls = 3
[kernels.x]
inner = { deep = 1 }
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("room", "name"), 2),
        (("room",), 2),
        (("supervisor",), 3),
        (("supervisor", "intensity"), 4),
        (("supervisor", "period"), 5),
        (("kernels", "api server", "limits", "calls"), 8),
        (("kernels", "x", "inner", "deep"), 10),
        (("screen", "theme"), 0),
    ],
)
def test_key_is_found(key: tuple[str, ...], line: int) -> None:
    assert line_of(TEXT, key) == line
