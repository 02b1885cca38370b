"""The pages of what cares for the room, by the name of the key that opens them. Imported when the first is opened."""

from collections.abc import Callable, Mapping

from grace_tui.faces.ui.screens.control import RoomControl
from grace_tui.faces.ui.screens.knowledge import KnowledgeScreen
from grace_tui.faces.ui.screens.listing import ListingScreen
from grace_tui.faces.ui.screens.playbooks import PlaybooksScreen
from grace_tui.faces.ui.screens.silences import SilencesScreen
from grace_tui.faces.ui.screens.triggers import TriggersScreen

LISTINGS: Mapping[str, Callable[[RoomControl], ListingScreen]] = {
    "triggers": TriggersScreen,
    "playbooks": PlaybooksScreen,
    "silences": SilencesScreen,
    "knowledge": KnowledgeScreen,
}
