"""The playbooks with their outcomes, and their runs step by step. A question to a person is answered here."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.keys import PLAYBOOK_KEYS, Key, bindings
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.runs import PlaybookRow, in_order, playbook_facts, playbook_rows, run_facts, run_lines
from grace_tui.faces.ui.lines.said import Said, Saying, fact
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.ui.screens.stage import RoomControl
from grace_tui.faces.views import RoomView, RunView


class PlaybooksScreen(ListingScreen):
    KEYS: ClassVar[tuple[Key, ...]] = PLAYBOOK_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAYBOOK_KEYS)]
    TITLE = "playbooks"
    EMPTY = "no playbooks are loaded"
    DRAW = staticmethod(run_lines)

    def __init__(self, control: RoomControl) -> None:
        super().__init__(control)
        self.asks = commands.PLAYBOOKS

    def items(self, view: RoomView) -> tuple[RunView | PlaybookRow, ...]:
        loaded = playbook_rows(self.answer.data.get("playbooks")) if self.answer else ()
        return in_order(view.runs, loaded)

    def note(self, items: Sequence[RunView | PlaybookRow]) -> str:
        asking = sum(isinstance(item, RunView) and item.state == "waiting_for_person" for item in items)
        if asking:
            return f"{asking} asks you" if asking == 1 else f"{asking} ask you"
        loaded = sum(isinstance(item, PlaybookRow) for item in items)
        return f"{loaded} playbooks" if loaded else ""

    def facts(self, item: Any, view: RoomView) -> Sequence[Saying]:
        if isinstance(item, RunView):
            return run_facts(item, view.at)
        refused = self.answer.text if self.answer else ""
        return [*fact("trouble", refused, "warn"), *playbook_facts(item, view.runs, view.at)]

    def more(self, item: Any) -> Command | None:
        return commands.playbook_show(item.name) if isinstance(item, PlaybookRow) else None

    def told(self, item: Any, answer: Answer) -> Sequence[Said]:
        source = answer.data.get("source")
        return told("as it is written", source if answer.ok else answer.text, failed=not answer.ok)

    def title_of(self, item: Any) -> str:
        return f"playbook {shown(item.name)}" if isinstance(item, PlaybookRow) else f"run {shown(item.id)}"

    def target(self) -> Target | None:
        """The incident that the selected run is for."""
        run = self.selected
        return Target("incident", run.incident_id, run.kernel) if isinstance(run, RunView) and run.incident_id else None

    def action_say(self, yes: bool) -> None:
        run = self.selected
        if isinstance(run, RunView) and run.state == "waiting_for_person":
            self.act(commands.answer_run(run, yes))
        else:
            self.say("no run that asks something is selected", failed=True)
