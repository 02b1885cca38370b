"""The remembered fixes: how each did, when it applies and what it does; one can be forgotten here."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.keys import FIX_KEYS, Key, bindings
from grace_tui.faces.ui.lines.fixes import FixRow, fix_facts, fix_lines, fix_rows
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.said import Said, Saying
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.views import RoomView


class KnowledgeScreen(ListingScreen):
    KEYS: ClassVar[tuple[Key, ...]] = FIX_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(FIX_KEYS)]
    TITLE = "remembered fixes"
    EMPTY = "nothing is remembered yet"
    DRAW = staticmethod(fix_lines)

    def __init__(self, control: RoomControl) -> None:
        super().__init__(control)
        self.asks = commands.KNOWLEDGE

    def target(self) -> Target | None:
        """The incident that the fix was last of use for, where it is still in sight."""
        fix, view = self.selected, self.control.view
        if not isinstance(fix, FixRow) or view is None:
            return None
        found = (one for one in view.incidents if one.signature == fix.signature)
        return next((Target("incident", one.id, one.kernel) for one in found), None)

    def items(self, view: RoomView) -> tuple[FixRow, ...]:
        return fix_rows(self.answer.data.get("knowledge")) if self.answer else ()

    def facts(self, item: FixRow, view: RoomView) -> Sequence[Saying]:
        return fix_facts(item)

    def more(self, item: Any) -> Command:
        return commands.knowledge_show(item.signature)

    def told(self, item: Any, answer: Answer) -> Sequence[Said]:
        """Without the first block, which is on the page already."""
        return told("", answer.text.partition("\n\n")[2] or answer.text, failed=not answer.ok)

    def action_forget(self) -> None:
        if isinstance(fix := self.selected, FixRow):
            self.act(commands.forget(fix.signature, fix.summary or fix.signature))
