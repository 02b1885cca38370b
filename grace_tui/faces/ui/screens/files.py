"""The files of an incident's evidence: the list of them, and the one that is selected in full."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.draw import figures
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, line_between
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.keys import FILE_KEYS, Key, bindings
from grace_tui.faces.ui.lines.evidence import File, file_said, files_of
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.said import Said, Saying, fact
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.views import RoomView


def file_lines(file: File, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False) -> list[Line]:
    left = [gutter or (" ", inks.text), (shown(file.name), inks.text if file.is_there else inks.muted)]
    right = figures.size(file.bytes) if file.is_there else "missing" if file.missing else "to come"
    return [line_between(left, [(f" {right}", inks.muted)], width, inks.text)]


class FilesScreen(ListingScreen):
    KEYS: ClassVar[tuple[Key, ...]] = FILE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(FILE_KEYS)]
    TITLE = "evidence"
    EMPTY = "no evidence is kept"
    DRAW = staticmethod(file_lines)

    def __init__(self, control: RoomControl, incident: str) -> None:
        super().__init__(control)
        self.incident = incident
        self.asks = commands.evidence(incident)

    def target(self) -> Target:
        return Target("incident", self.incident, "")

    def items(self, view: RoomView) -> tuple[File, ...]:
        return files_of(self.answer.data.get("files")) if self.answer else ()

    def facts(self, item: File, view: RoomView) -> Sequence[Saying]:
        left_out = f"{figures.size(item.cut)} more were left out" if item.cut else ""
        why = item.missing or ("it is still to be written" if item.follows else "")
        return [Said(shown(item.says) or shown(item.name), "strong"), *fact("missing", why), *fact("cut", left_out)]

    def more(self, item: Any) -> Command | None:
        return commands.evidence(self.incident, item.name) if item.is_there else None

    def told(self, item: Any, answer: Answer) -> Sequence[Said]:
        if not answer.ok:
            return told("", answer.text, failed=True)
        return file_said(item.id, answer.text, whole=True)

    def action_open(self) -> None:
        self.action_other_pane()
