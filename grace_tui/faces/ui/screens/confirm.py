"""One question with yes or no, over whatever is shown."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from grace_tui.faces.ui.draw.frame import Frame, framed
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, line_of
from grace_tui.faces.ui.draw.text import shown, width_of, wrap
from grace_tui.faces.ui.widgets.canvas import Canvas


class Question(Canvas):
    def __init__(self, text: str) -> None:
        super().__init__("question")
        self.text = shown(text)

    def make_lines(self, width: int, height: int) -> list[Line]:
        inks = self.paint.room
        words = wrap(self.text, width - 4, max(1, height - 3))
        body = [line_of([(text, inks.strong)], width - 4, inks.text) for text in words]
        answers = [("y", inks.strong_accent), (" yes   ", inks.muted), ("n", inks.strong_accent), (" no", inks.muted)]
        return framed(
            Frame("sure?", focused=True), [*body, line_of(answers, width - 4, inks.text)], width, height, self.paint
        )


class ConfirmScreen(ModalScreen[bool]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", show=False),
        Binding("n,escape,q", "answer(False)", "no", show=False),
        Binding("ctrl+c,ctrl+q", "answer(False)", "no", show=False, priority=True),
    ]

    def __init__(self, text: str, paint: Paint) -> None:
        super().__init__()
        self.question = Question(text)
        self.question.paint = paint

    def compose(self) -> ComposeResult:
        yield self.question

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        width = max(8, min(self.app.size.width - 2, max(28, width_of(self.question.text) + 6)))
        self.question.styles.width = width
        self.question.styles.height = min(max(3, self.app.size.height), len(wrap(self.question.text, width - 4)) + 3)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
