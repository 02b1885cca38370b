"""The first frame looks like the empty room and needs nothing to be imported."""

import subprocess
import sys

import pyte
import pytest

from grace_tui.faces.ui.splash import splash_bytes


def painted(width: int, height: int, line: str = "opening …", *, truecolor: bool = False) -> list[str]:
    screen = pyte.Screen(width, height)
    pyte.ByteStream(screen).feed(splash_bytes(width, height, line, truecolor=truecolor))
    return list(screen.display)


def test_splash_has_the_header_and_the_panes() -> None:
    lines = painted(120, 40)
    assert lines[0].startswith(" grace  ◐ opening …")
    assert lines[1].startswith("╭─ kernels ─")
    assert "╭─ incidents ─" in lines[1]
    assert any(line.startswith("╭─ coding agent ─") for line in lines)


@pytest.mark.parametrize(("width", "height"), [(200, 60), (80, 24), (40, 12), (10, 3), (1, 1)])
def test_splash_fits_any_terminal(width: int, height: int) -> None:
    lines = painted(width, height, truecolor=True)
    assert lines[0] == " grace  ◐ opening …"[:width].ljust(width)


def test_splash_does_not_obey_what_it_says() -> None:
    assert b"\x1b[2Jx" not in splash_bytes(80, 24, "a\x1b[2Jx")


def test_splash_imports_nothing_from_third_parties() -> None:
    heavy = "{'textual', 'rich', 'msgspec', 'dataclasses', 'inspect'}"
    code = f"import sys, grace_tui.faces.ui.splash; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
