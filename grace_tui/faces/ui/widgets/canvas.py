"""The base of every widget: paints whole lines, and has Textual repaint only those that differ from the last time."""

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from grace_tui.faces.ui.draw.inks import Paint, paint_of
from grace_tui.faces.ui.draw.line import Line, blank
from grace_tui.faces.ui.palette import GRACE


class Canvas(Widget):
    """A widget made of lines. Subclasses say what the lines are."""

    ALLOW_SELECT = False

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.paint: Paint = paint_of(GRACE)
        self._painted: list[Line] = []
        self._strips: list[Strip] = []
        self._painted_for = (-1, -1)

    def make_lines(self, width: int, height: int) -> list[Line]:
        """The lines of this widget at that size."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Make the lines again and repaint those that changed."""
        size = (self.size.width, self.size.height)
        before, resized = self._painted, size != self._painted_for
        self._make(*size)
        if resized or len(before) != len(self._painted):
            self.refresh()
            return
        changed = [
            Region(0, y, size[0], 1)
            for y, (old, new) in enumerate(zip(before, self._painted, strict=True))
            if old is not new and old != new
        ]
        if changed:
            self.refresh(*changed)

    def use(self, paint: Paint) -> None:
        self.paint = paint
        self._painted_for = (-1, -1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        # Textual may ask for a line of a new size before it has told of the new size.
        if (self.size.width, self.size.height) != self._painted_for:
            self._make(self.size.width, self.size.height)
        if y < len(self._strips):
            return self._strips[y]
        return Strip(blank(self.size.width, self.paint.room.text), self.size.width)

    def _make(self, width: int, height: int) -> None:
        old, strips = self._painted, self._strips
        same_size = self._painted_for == (width, height)
        self._painted = self.make_lines(width, height) if width > 0 and height > 0 else []
        self._strips = [
            strips[y] if same_size and y < len(old) and (old[y] is line or old[y] == line) else Strip(line, width)
            for y, line in enumerate(self._painted)
        ]
        self._painted_for = (width, height)
