"""The page of an incident: all that is known of it in sections with keys, and what a person can do about it."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.worker import Worker

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Target
from grace_tui.faces.ui.keys import INCIDENT_KEYS, Key, bindings
from grace_tui.faces.ui.lines.evidence import File, evidence_said, files_of, grouped_said, title_of
from grace_tui.faces.ui.lines.header import Freshness
from grace_tui.faces.ui.lines.incident import incident_facts, timeline, tried
from grace_tui.faces.ui.lines.pages import told
from grace_tui.faces.ui.lines.runs import playbook_form, playbook_rows
from grace_tui.faces.ui.lines.said import Said, Saying, heading
from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.page import Page, PageScreen
from grace_tui.faces.views import IncidentView, RoomView

FOLLOWS_SECONDS = 1.0
"""Seconds until evidence is read again of which a part is still to be written."""


class IncidentScreen(PageScreen):
    KEYS: ClassVar[tuple[Key, ...]] = INCIDENT_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(INCIDENT_KEYS)]
    CONTENTS = True

    def __init__(self, control: RoomControl, target: Target) -> None:
        super().__init__(control, Page(f"incident {target.id}", target, self._facts))
        self.id_ = target.id
        self.record: Answer | None = None
        self.files: tuple[File, ...] = ()
        self.texts: dict[str, str] = {}
        """What the files say, by name."""
        self.problem = ""
        """Why there is no evidence."""
        self._read_for: tuple[object, ...] = ()

    def _facts(self, view: RoomView) -> Sequence[Saying]:
        """The first sections: they change while one looks."""
        incident = commands.incident_in(view, self.id_)
        if incident is None:
            return [heading("what happened"), Said("this incident is not kept any more", "muted")]
        return [
            heading("what happened"),
            *incident_facts(incident, view.at, self.record.data.get("facts") if self.record else None),
            heading("done and tried"),
            *tried(incident, view),
        ]

    def show_room(self, view: RoomView | None, freshness: Freshness) -> None:
        super().show_room(view, freshness)
        incident = commands.incident_in(view, self.id_)
        if incident is not None and self.is_mounted and _telling(incident) != self._read_for:
            self._read()

    def _read(self) -> None:
        incident = commands.incident_in(self.control.view, self.id_)
        self._read_for = _telling(incident) if incident else ()
        # The function, not its coroutine: what is superseded before it begins must not have been made.
        _: Worker[None] = self.run_worker(self._read_all, group="reading", exclusive=True)

    async def _read_all(self) -> None:
        self.record = await self.control.ask_room(commands.incident_record(self.id_))
        self._show_told()
        found = await self.control.ask_room(commands.evidence(self.id_))
        self.problem = "" if found.ok else found.text
        self.files = files_of(found.data.get("files"))
        for file in self.files:
            if file.is_there and title_of(file.name):
                self.texts[file.name] = (await self.control.ask_room(commands.evidence(self.id_, file.name))).text
        self._show_told()
        if any(file.follows for file in self.files):
            self.set_timer(FOLLOWS_SECONDS, self._read)

    def _show_told(self) -> None:
        record: Mapping[str, object] = self.record.data if self.record else {}
        acts = record.get("timeline")
        now = self.control.view.at if self.control.view else 0.0
        said: list[Said] = [heading("timeline"), *timeline(acts if isinstance(acts, (list, tuple)) else (), now)]
        if self.record is not None and not self.record.ok:
            said += told("", self.record.text, failed=True)
        said += evidence_said(self.files, self.texts, self.problem or ("" if self.record else "reading …"))
        self.body.show_told([*said, *grouped_said(record)])

    def action_section(self, number: int) -> None:
        if not self.body.to_section(number - 1):
            self.say(f"there is no section {number}")

    def action_next_section(self, by: int) -> None:
        self.body.next_section(by)

    def action_playbook(self) -> None:
        if self.may_act():
            self.run_worker(self._run_playbook(), group="acts")

    async def _run_playbook(self) -> None:
        found = await self.control.ask_room(commands.PLAYBOOKS)
        rows = playbook_rows(found.data.get("playbooks"))
        if not rows:
            self.say(found.text or "no playbooks are loaded", failed=True)
            return
        values = await self.control.filled(playbook_form(self.id_, rows))
        if values is not None:
            await self.carry_out(commands.run_playbook(values["playbook"], self.id_, values["reason"]))

    def action_evidence(self) -> None:
        self.control.open_evidence(self.id_)


def _telling(incident: IncidentView) -> tuple[object, ...]:
    """What the record and the evidence change with; counting alone changes neither."""
    return (incident.state, incident.action, incident.owner, incident.bundle, incident.task_id)
