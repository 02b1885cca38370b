"""A form over whatever is shown: what an act needs to be told, such as a reason. Refused while something is missing."""

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line
from grace_tui.faces.ui.draw.text import plain
from grace_tui.faces.ui.lines.form import LONGEST_WORDS, Form, form_lines, form_size
from grace_tui.faces.ui.widgets.canvas import Canvas


class FormCanvas(Canvas):
    def __init__(self, form: Form) -> None:
        super().__init__("form")
        self.form = form

    def make_lines(self, width: int, height: int) -> list[Line]:
        return form_lines(self.form, width, height, self.paint)


class FormScreen(ModalScreen[Mapping[str, str] | None]):
    """Ends with the values by name, or with None where it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "leave", "leave", show=False, priority=True),
    ]

    def __init__(self, form: Form, paint: Paint) -> None:
        super().__init__()
        self.canvas = FormCanvas(form)
        self.canvas.paint = paint

    def compose(self) -> ComposeResult:
        yield self.canvas

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def on_key(self, event: events.Key) -> None:
        """What is typed is no command: no binding hears it."""
        event.stop()
        event.prevent_default()
        form, key = self.canvas.form, event.key
        if key == "escape":
            self.action_leave()
        elif key == "enter":
            self._end()
        elif key in ("tab", "down"):
            self._become(form.to(1))
        elif key in ("shift+tab", "up"):
            self._become(form.to(-1))
        elif key in ("left", "right"):
            self._become(form.choose(1 if key == "right" else -1))
        elif key == "backspace":
            self._become(form.rub())
        elif event.is_printable and event.character:
            self._become(form.type(event.character))

    def on_paste(self, event: events.Paste) -> None:
        self._become(self.canvas.form.type(plain(event.text)[:LONGEST_WORDS]))

    def action_leave(self) -> None:
        self.dismiss(None)

    def _end(self) -> None:
        missing = self.canvas.form.missing()
        if missing is None:
            self.dismiss(self.canvas.form.values())
        else:
            self._become(missing)

    def _become(self, form: Form) -> None:
        self.canvas.form = form
        self._fit()
        self.canvas.repaint()

    def _fit(self) -> None:
        self.canvas.styles.width, self.canvas.styles.height = form_size(self.canvas.form, *self.app.size)
