"""Draws README's picture: the room with two incidents, as the app paints it.

Run `python -m tests.faces.ui.picture` after the room's look changed on purpose; `test_picture` fails until then.
"""

import asyncio
import os
import time
from pathlib import Path

from tests.faces.ui.driving import Opened
from tests.faces.ui.sample import TWO_INCIDENTS

FILE = Path(__file__).with_name("picture.svg")
SIZE = (120, 40)
TITLE = "grace-tui"


async def draw() -> str:
    """The picture as SVG; times in it are local."""
    app = Opened(TWO_INCIDENTS).app
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        return app.export_screenshot(title=TITLE)


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    FILE.write_text(asyncio.run(draw()), encoding="utf-8")
    print(FILE)
