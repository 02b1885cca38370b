"""What all full screens have in common: header, keys and notice, a plan of boxes, and the acts on what is selected."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.geometry import Offset, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Command, Target
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.text import plain
from grace_tui.faces.ui.keys import Key, footer
from grace_tui.faces.ui.layout import NOWHERE, Box
from grace_tui.faces.ui.lines.header import Freshness
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.widgets.bars import HeaderBar, KeysBar, Notice
from grace_tui.faces.ui.widgets.canvas import Canvas
from grace_tui.faces.views import IncidentView, RoomView

LONGEST_PASTE = 40
TYPING_KEY = "slash"
NOTICE_SECONDS, FAILURE_SECONDS = 4.0, 12.0


class PlannedLayout(Layout):
    """Puts every child where its screen's plan says; a child without a box is not placed."""

    name = "planned"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        if not isinstance(parent, Stage):
            return []
        boxes = parent.boxes(size.width, size.height)
        placed = [(child, boxes.get(child.id or "", NOWHERE)) for child in children]
        return [
            WidgetPlacement(Region(*box), Offset(0, 0), Spacing(), child)
            for child, box in placed
            if box.width > 0 and box.height > 0
        ]


PLANNED = PlannedLayout()


class Stage(Screen[None]):
    """A full screen of the room."""

    KEYS: ClassVar[tuple[Key, ...]] = ()
    TYPING: ClassVar[str] = ""
    """What is said beside what is being typed."""

    def __init__(self, control: RoomControl) -> None:
        super().__init__()
        self.control = control
        self.header, self.keys_bar = HeaderBar("header"), KeysBar("keys", footer(self.KEYS))
        self.notice = Notice("notice")
        self._notice_timer: Timer | None = None

    @property
    def layout(self) -> Layout:
        return PLANNED

    @abstractmethod
    def target(self) -> Target | None:
        """What the acts of this screen are done to."""

    @abstractmethod
    def planned(self, width: int, height: int) -> Mapping[str, Box]:
        """Boxes of the screen's own widgets, by id."""

    @abstractmethod
    def show_room(self, view: RoomView | None, freshness: Freshness) -> None:
        """A new view, or an old one that grew older."""

    def boxes(self, width: int, height: int) -> Mapping[str, Box]:
        lines = len(self.notice.lines_at(width)) if self.notice.display else 0
        over = Box(0, max(0, height - lines), width, min(lines, height)) if lines else NOWHERE
        return {**self.planned(width, height), "notice": over}

    def replan(self) -> None:
        """Have the plan made again: something that it depends on has changed."""
        self.header.refresh(layout=True)

    def on_mount(self) -> None:
        self.notice.display = False
        self.use(self.control.paint)
        self.show_room(self.control.view, self.control.freshness)

    def use(self, paint: Paint) -> None:
        for canvas in self.query(Canvas):
            canvas.use(paint)

    @property
    def typing(self) -> bool:
        return self.keys_bar.typed is not None

    def type(self, text: str | None) -> None:
        """Have words typed over the keys, beginning with `text`; None ends it."""
        self.keys_bar.type(text, self.TYPING)
        self.replan()

    def was_typed(self, text: str) -> None:
        """The words being typed have changed."""

    def typing_dropped(self) -> None:
        """The words are not wanted after all."""

    def on_key(self, event: events.Key) -> None:
        """Keys that are typed. Bindings come later than this: what is typed is no command."""
        typed = self.keys_bar.typed
        if typed is None and event.key == TYPING_KEY:
            # At once, not by its binding: keys that came in the same breath must find that one types.
            event.stop()
            event.prevent_default()
            self.begin_typing()
        elif typed is not None:
            self._typed_key(event, typed)

    def begin_typing(self) -> None:
        """What the key for typing begins here."""

    def _typed_key(self, event: events.Key, typed: str) -> None:
        if event.key in ("up", "down", "ctrl+c", "ctrl+q"):
            return
        event.stop()
        event.prevent_default()
        if event.key in ("enter", "escape"):
            self.type(None)
            if event.key == "escape":
                self.typing_dropped()
        elif event.key == "backspace":
            self._typed(typed[:-1])
        elif event.is_printable and event.character:
            self._typed(typed + event.character)

    def on_paste(self, event: events.Paste) -> None:
        if self.keys_bar.typed is not None:
            self._typed(self.keys_bar.typed + plain(event.text)[:LONGEST_PASTE])

    def _typed(self, text: str) -> None:
        self.type(text)
        self.was_typed(text)

    def say(self, text: str, *, failed: bool = False) -> None:
        """Tell what came of something, for a few seconds."""
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self.notice.display = True
        self.notice.say(text, failed=failed)
        self.replan()
        self._notice_timer = self.set_timer(FAILURE_SECONDS if failed else NOTICE_SECONDS, self._unsay)

    def _unsay(self) -> None:
        self.notice.display = False
        self.replan()

    def may_act(self) -> bool:
        """Whether this screen acts; one that only reads says so, before anybody fills in a form in vain."""
        if self.control.read_only:
            self.say("this screen is read-only", failed=True)
        return not self.control.read_only

    def act(self, command: Command) -> None:
        """Ask the room in a worker: keys are answered while the answer is awaited."""
        if self.may_act():
            self.run_worker(self.carry_out(command), group="acts")

    async def carry_out(self, command: Command) -> None:
        """Ask the room for an act, and tell what came of it."""
        if command.question and not await self.control.confirmed(command.question):
            return
        self.say(f"{command.doing} …")
        answer = await self.control.ask_room(command)
        self.say(answer.text or f"{command.doing}: {'done' if answer.ok else 'refused'}", failed=not answer.ok)

    def action_restart(self) -> None:
        if target := self._wanted("kernel"):
            self.act(commands.restart(target.kernel))

    def action_pause(self) -> None:
        if (target := self._wanted("kernel")) and (kernel := commands.kernel_in(self.control.view, target.kernel)):
            self.act(commands.pause_or_resume(kernel))

    def action_stop(self) -> None:
        target = self._wanted("kernel")
        if target is not None and target.kind == "incident":
            self.action_silence()
        elif target and (kernel := commands.kernel_in(self.control.view, target.kernel)):
            self.act(commands.stop_or_start(kernel))

    def action_take(self) -> None:
        if incident := self._wanted_incident():
            self.act(commands.take(incident, self.control.user))

    def action_silence(self) -> None:
        found = commands.incident_in(self.control.view, self._wanted_incident())
        if found is not None and self.may_act():
            self.run_worker(self._silence(found), group="acts")

    async def _silence(self, incident: IncidentView) -> None:
        from grace_tui.faces.ui.lines.silences import silence_form

        form, matchers = silence_form(incident)
        values = await self.control.filled(form)
        if values is not None:
            await self.carry_out(commands.add_silence(matchers[values["what"]], values["for"], values["reason"]))

    def action_resolve(self) -> None:
        incident = self._wanted_incident()
        if incident and self.may_act():
            self.run_worker(self._resolve(incident), group="acts")

    async def _resolve(self, incident: str) -> None:
        from grace_tui.faces.ui.lines.form import Field, Form

        why = Field("reason", "why", needed="say why it is resolved: whoever reads its timeline must know")
        values = await self.control.filled(Form(f"resolve {incident}", (why,)))
        if values is not None:
            await self.carry_out(commands.resolve(incident, values["reason"]))

    def _wanted_incident(self) -> str:
        """The incident of what is selected; empty, and said so, where it has none."""
        target = self._wanted("incident")
        incident = commands.incident_of(self.control.view, target) if target else ""
        if target is not None and not incident:
            self.say(f"{target.id} has no incident", failed=True)
        return incident

    def action_why(self) -> None:
        if target := self._wanted("why"):
            self.control.open_why(target)

    def action_logs(self) -> None:
        if target := self._wanted("kernel"):
            self.control.open_logs(target.kernel)

    def action_triggers(self) -> None:
        self.control.open_listing("triggers")

    def action_playbooks(self) -> None:
        self.control.open_listing("playbooks")

    def action_silences(self) -> None:
        self.control.open_listing("silences")

    def action_knowledge(self) -> None:
        self.control.open_listing("knowledge")

    def action_help(self) -> None:
        self.control.open_help()

    def action_next_theme(self) -> None:
        self.control.next_theme()

    def action_redraw(self) -> None:
        self.refresh(repaint=True, layout=True)

    def _wanted(self, what: str) -> Target | None:
        target = self.target()
        if target is None:
            self.say(f"nothing is selected to do this to ({what})", failed=True)
        return target
