"""The playbooks with their outcomes, and their runs step by step. A question to a person is answered here."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.draw.marks import LIVE_RUNS
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.keys import LIST_KEYS, PLAYBOOK_KEYS, Key, bindings, footer
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.runs import (
    PlaybookRow,
    RefusedRow,
    Row,
    in_order,
    playbook_facts,
    playbook_rows,
    refused_facts,
    refused_rows,
    run_facts,
    run_lines,
)
from grace_tui.faces.ui.lines.said import Said, Saying
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.views import RoomView, RunView
from grace_tui.kernel.spelling import plural


class PlaybooksScreen(ListingScreen):
    KEYS: ClassVar[tuple[Key, ...]] = PLAYBOOK_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAYBOOK_KEYS)]
    TITLE = "playbooks"
    EMPTY = "no playbooks are loaded"
    DRAW = staticmethod(run_lines)

    def __init__(self, control: RoomControl) -> None:
        super().__init__(control)
        self.asks = commands.PLAYBOOKS

    def items(self, view: RoomView) -> tuple[Row, ...]:
        if self.answer is None:  # a run that is over would be selected, and the rest come in above it
            return in_order([run for run in view.runs if run.state in LIVE_RUNS], ())
        data = self.answer.data
        return in_order(view.runs, playbook_rows(data.get("playbooks")), refused_rows(data.get("refused")))

    def note(self, items: Sequence[Row]) -> str:
        asking = sum(isinstance(item, RunView) and item.state == "waiting_for_person" for item in items)
        if asking:
            return f"{asking} asks you" if asking == 1 else f"{asking} ask you"
        loaded = sum(isinstance(item, PlaybookRow) for item in items)
        refused = sum(isinstance(item, RefusedRow) for item in items)
        counts = (plural(loaded, "playbook") if loaded else "", f"{refused} refused" if refused else "")
        return ", ".join(filter(None, counts))

    def facts(self, item: Any, view: RoomView) -> Sequence[Saying]:
        if isinstance(item, RunView):
            return run_facts(item, view.at)
        if isinstance(item, RefusedRow):
            return refused_facts(item)
        return playbook_facts(item, view.runs, view.at)

    def more(self, item: Any) -> Command | None:
        return commands.playbook_show(item.name) if isinstance(item, PlaybookRow) else None

    def told(self, item: Any, answer: Answer) -> Sequence[Said]:
        source = answer.data.get("source")
        return told("as it is written", source if answer.ok else answer.text, failed=not answer.ok)

    def title_of(self, item: Any) -> str:
        if isinstance(item, RefusedRow):
            return shown(item.name)
        return f"playbook {shown(item.name)}" if isinstance(item, PlaybookRow) else f"run {shown(item.id)}"

    def _show_facts(self) -> None:
        """Keys that answer a question are told while one is selected."""
        super()._show_facts()
        self.keys_bar.tell(footer(PLAYBOOK_KEYS if self._asks() else LIST_KEYS))

    def _asks(self) -> bool:
        return isinstance(self.selected, RunView) and self.selected.state == "waiting_for_person"

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
