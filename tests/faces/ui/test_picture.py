"""README's picture is what the app paints today."""

import re
from pathlib import Path

from tests.faces.ui.picture import FILE, draw
from tests.faces.ui.sample import TWO_INCIDENTS

README = Path(__file__).parents[3] / "README.md"


async def test_picture_in_the_readme_is_current(utc: None) -> None:
    drawn = await draw()
    assert drawn == FILE.read_text(encoding="utf-8"), "run `python -m tests.faces.ui.picture` and look at picture.svg"
    assert f"]({FILE.relative_to(README.parent)})" in README.read_text(encoding="utf-8")


def test_picture_shows_every_kernel_and_what_is_broken() -> None:
    words = set(re.findall(r">([^<]+)</text>", FILE.read_text(encoding="utf-8").replace("&#160;", " ")))
    shown = {word.strip() for word in words}
    assert {kernel.name for kernel in TWO_INCIDENTS.kernels} <= shown
    assert {"18/20", "✖ 2 failed", "▲ 2 incidents"} <= shown
