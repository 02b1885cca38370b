"""The triggers: what each rule last measured, where it fires, when it looks again; one is checked or drilled here."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.keys import TRIGGER_KEYS, Key, bindings
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.said import Said, Saying, fact
from grace_tui.faces.ui.lines.triggers import RuleRow, alarm, more_said, rule_facts, rule_lines, rule_rows
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.views import RoomView


class TriggersScreen(ListingScreen):
    KEYS: ClassVar[tuple[Key, ...]] = TRIGGER_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TRIGGER_KEYS)]
    TITLE = "triggers"
    EMPTY = "no rules are told"
    DRAW = staticmethod(rule_lines)

    def __init__(self, control: RoomControl) -> None:
        super().__init__(control)
        self.asks = commands.TRIGGERS

    def items(self, view: RoomView) -> tuple[RuleRow, ...]:
        return rule_rows(self.answer.data.get("rules")) if self.answer else ()

    def note(self, items: Sequence[RuleRow]) -> str:
        return alarm(items)

    def alarming(self, items: Sequence[RuleRow]) -> bool:
        return any(row.firing for row in items)

    def facts(self, item: RuleRow, view: RoomView) -> Sequence[Saying]:
        trouble = self.answer.data.get("trouble") if self.answer else ""
        return [*fact("trouble", trouble, "warn"), *rule_facts(item)]

    def more(self, item: Any) -> Command:
        return commands.trigger_show(item.name)

    def told(self, item: Any, answer: Answer) -> Sequence[Said]:
        return list(more_said(answer.data)) if answer.ok else told("", answer.text, failed=True)

    def target(self) -> Target | None:
        """The incident that the selected rule opened last."""
        rule = self.selected
        return Target("incident", rule.incidents[0], "") if isinstance(rule, RuleRow) and rule.incidents else None

    def action_check(self) -> None:
        if isinstance(rule := self.selected, RuleRow):
            self.act(commands.check_trigger(rule.name))

    def action_accept(self) -> None:
        if isinstance(rule := self.selected, RuleRow):
            self.act(commands.accept_trigger(rule.name))

    def action_drill(self) -> None:
        if isinstance(rule := self.selected, RuleRow):
            self.act(commands.drill_trigger(rule.name))
