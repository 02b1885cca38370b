"""The silences: what is hidden, until when, by whom and why, what it hid; one is ended or begun here."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.keys import SILENCE_KEYS, Key, bindings
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.said import Said, Saying
from grace_tui.faces.ui.lines.silences import (
    SilenceRow,
    free_form,
    ledger_said,
    silence_facts,
    silence_lines,
    silence_rows,
)
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.views import RoomView


class SilencesScreen(ListingScreen):
    KEYS: ClassVar[tuple[Key, ...]] = SILENCE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SILENCE_KEYS)]
    TITLE = "silences"
    EMPTY = "nothing is silenced"
    DRAW = staticmethod(silence_lines)

    def items(self, view: RoomView) -> tuple[SilenceRow, ...]:
        return silence_rows(view.silences, view.at)

    def note(self, items: Sequence[SilenceRow]) -> str:
        active = sum(row.state != "ended" for row in items)
        return f"{active} in force" if active else ""

    def facts(self, item: SilenceRow, view: RoomView) -> Sequence[Saying]:
        return silence_facts(item.silence, view.at)

    def more(self, item: Any) -> Command:
        return commands.silence_show(item.id)

    def told(self, item: Any, answer: Answer) -> Sequence[Said]:
        return ledger_said(answer.data.get("ledger")) if answer.ok else told("", answer.text, failed=True)

    def target(self) -> Target | None:
        """The newest incident that the selected silence hides."""
        view, row = self.control.view, self.selected
        if view is None or not isinstance(row, SilenceRow):
            return None
        hidden = (one for one in view.incidents if one.hidden_by == row.id)
        return next((Target("incident", one.id, one.kernel) for one in hidden), None)

    def action_end(self) -> None:
        row = self.selected
        if isinstance(row, SilenceRow) and row.state != "ended":
            self.act(commands.end_silence(row.silence))
        else:
            self.say("no silence in force is selected", failed=True)

    def action_add(self) -> None:
        if self.may_act():
            self.run_worker(self._add(), group="acts")

    async def _add(self) -> None:
        names = [kernel.name for kernel in self.control.view.kernels] if self.control.view else []
        values = await self.control.filled(free_form(names))
        if values is not None:
            matcher = {key: values[key] for key in ("kernel", "kind") if values[key]}
            await self.carry_out(commands.add_silence(matcher, values["for"], values["reason"]))
