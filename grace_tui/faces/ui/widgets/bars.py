"""The one-line widgets: header, banner, monitors, keys, notice."""

from collections.abc import Sequence

from grace_tui.faces.ui.draw.line import Line, line_of
from grace_tui.faces.ui.draw.text import plain, shown_lines, wrap
from grace_tui.faces.ui.lines.header import Freshness, banner_line, header_line
from grace_tui.faces.ui.lines.monitors import keys_line, monitors_line
from grace_tui.faces.ui.widgets.canvas import Canvas
from grace_tui.faces.views import RoomView

MOST_NOTICE_LINES = 4


class RoomBar(Canvas):
    """A line made of the newest view."""

    view: RoomView | None = None
    freshness = Freshness()

    def show(self, view: RoomView | None, freshness: Freshness) -> None:
        self.view, self.freshness = view, freshness
        self.repaint()


class HeaderBar(RoomBar):
    def make_lines(self, width: int, height: int) -> list[Line]:
        return [header_line(self.view, width, self.paint, self.freshness)]


class BannerBar(RoomBar):
    def make_lines(self, width: int, height: int) -> list[Line]:
        return [banner_line(self.view, width, self.paint)]


class MonitorsBar(RoomBar):
    def make_lines(self, width: int, height: int) -> list[Line]:
        return [monitors_line(self.view.monitors if self.view else (), width, self.paint)]


class KeysBar(Canvas):
    """The keys of the screen, or what is being typed."""

    def __init__(self, id: str, keys: Sequence[tuple[str, str]]) -> None:  # noqa: A002
        super().__init__(id)
        self.keys = keys
        self.typed: str | None = None
        self.hint = ""

    def tell(self, keys: Sequence[tuple[str, str]]) -> None:
        """Show these keys from now on."""
        if keys != self.keys:
            self.keys = keys
            self.repaint()

    def type(self, text: str | None, hint: str = "") -> None:
        """Show `text` being typed; None shows the keys again."""
        self.typed, self.hint = text, hint
        self.repaint()

    def make_lines(self, width: int, height: int) -> list[Line]:
        if self.typed is None:
            return [keys_line(self.keys, width, self.paint)]
        inks = self.paint.panel
        pieces = [(" /", inks.strong_accent), (plain(self.typed), inks.strong), ("▏", inks.accent)]
        return [line_of([*pieces, (f"  {self.hint}", inks.muted)], width, inks.text)]


class Notice(Canvas):
    """What came of a command: a few lines over the foot of the screen, for a while."""

    text = ""
    failed = False

    def say(self, text: str, *, failed: bool) -> None:
        self.text, self.failed = text, failed
        self.use(self.paint)

    def lines_at(self, width: int) -> list[str]:
        """The text in at most a few lines."""
        lines = [part for line in shown_lines(self.text) for part in wrap(line, width - 4, MOST_NOTICE_LINES)]
        return lines[:MOST_NOTICE_LINES]

    def make_lines(self, width: int, height: int) -> list[Line]:
        style = self.paint.alert if self.failed else self.paint.notice
        signs = ["✗ " if self.failed else "▸ ", *["  "] * MOST_NOTICE_LINES]
        return [
            line_of([(f" {sign}{text}", style)], width, style)
            for sign, text in zip(signs, self.lines_at(width), strict=False)
        ]
