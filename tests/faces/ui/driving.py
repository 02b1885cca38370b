"""Running the app in tests: with a pilot, or against a terminal that is really painted."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyte
from textual.drivers.headless_driver import HeadlessDriver

from grace_tui.faces.ui.app import RoomApp
from grace_tui.faces.views import RoomView
from tests.faces.ui.sample import AT, SampleFeed, SampleRoom

THEMES = Path(__file__).parents[3] / "themes"


Answering = Callable[[str, Mapping[str, object]], Mapping[str, object] | None]


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Opened:
    """An app with a feed, a room that answers and a clock in the test's hands."""

    def __init__(self, view: RoomView | None, **options: Any) -> None:
        self.feed, self.room, self.clock = SampleFeed(view), SampleRoom(), Clock()
        options = {"theme_folders": [THEMES], "user": "ada", **options}
        self.app = RoomApp(self.feed, self.room, monotonic=self.clock, wall=lambda: AT, **options)

    def answered_by(self, answer: Answering) -> "Opened":
        """Have `answer` asked first; what it has no answer to, the sample room answers."""

        async def ask(verb: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
            told = answer(verb, arguments)
            known = await self.room(verb, arguments)
            return known if told is None else told

        self.app.ask = ask
        return self

    def asked(self) -> list[str]:
        return [verb for verb, _ in self.room.asked]


class TerminalDriver(HeadlessDriver):
    """Writes to a terminal in memory."""

    terminal: pyte.Screen
    written = 0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.terminal = pyte.Screen(*(self._size or (80, 24)))
        self._stream = pyte.Stream(self.terminal)

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written += len(data.encode())
        self._stream.feed(data)


def screen_text(app: RoomApp) -> str:
    """What is shown, as plain lines."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)
