"""The files of an incident's evidence: the list of them, and the one that is selected in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import BindingType

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, line_of
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.keys import FILE_KEYS, Key, bindings
from grace_tui.faces.ui.lines.evidence import file_names, file_said
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.said import Said, Saying, heading
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.ui.screens.stage import RoomControl
from grace_tui.faces.views import RoomView


@dataclass(frozen=True, slots=True)
class FileRow:
    id: str


def file_lines(row: FileRow, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False) -> list[Line]:
    return [line_of([gutter or (" ", inks.text), (shown(row.id), inks.text)], width, inks.text)]


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

    def items(self, view: RoomView) -> tuple[FileRow, ...]:
        found = self.answer.data.get("files") if self.answer else ()
        return tuple(map(FileRow, file_names(found)))

    def facts(self, item: FileRow, view: RoomView) -> Sequence[Saying]:
        return [heading(shown(item.id))]

    def more(self, item: Any) -> Command:
        return commands.evidence(self.incident, item.id)

    def told(self, item: Any, answer: Answer) -> Sequence[Said]:
        if not answer.ok:
            return told("", answer.text, failed=True)
        return file_said(item.id, answer.text, whole=True)

    def action_open(self) -> None:
        self.action_other_pane()
