"""What a screen may ask of the app; the app is one, and tests make others."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.lines.header import Freshness
from grace_tui.faces.views import RoomView

if TYPE_CHECKING:
    from grace_tui.faces.ui.lines.form import Form


class RoomControl(Protocol):
    """What a screen may ask of the app."""

    @property
    def view(self) -> RoomView | None: ...

    @property
    def freshness(self) -> Freshness: ...

    @property
    def paint(self) -> Paint: ...

    @property
    def user(self) -> str:
        """Whose acts these are: who an incident is that is taken here."""

    @property
    def read_only(self) -> bool: ...

    async def ask_room(self, command: Command) -> Answer: ...

    def open_why(self, target: Target) -> None: ...

    def open_logs(self, kernel: str) -> None: ...

    def open_help(self) -> None: ...

    def next_theme(self) -> None: ...

    def open_target(self, target: Target) -> None: ...

    def open_evidence(self, incident: str) -> None:
        """Open the list of the evidence's files."""

    def open_listing(self, name: str) -> None:
        """Open triggers, playbooks, silences or remembered fixes."""

    async def confirmed(self, question: str) -> bool: ...

    async def filled(self, form: "Form") -> Mapping[str, str] | None:
        """What a person filled in; None where the form was left."""

    async def edited(self, text: str, name: str) -> str | None:
        """What a person made of a text in their editor; None where this screen cannot start one.

        Raises:
            GraceError: the editor could not be started, or failed.
        """
