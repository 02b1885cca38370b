"""The settings of a workspace: `grace.toml`, read strictly. An unknown key or a wrong value is refused by name."""

from grace_tui.settings.errors import SettingsError
from grace_tui.settings.kernels import KernelSettings
from grace_tui.settings.loading import load_settings
from grace_tui.settings.model import (
    RepairSettings,
    RoomSettings,
    ScreenSettings,
    Settings,
    SupervisorSettings,
)
from grace_tui.settings.table import settings_table, settings_template

__all__ = [
    "KernelSettings",
    "RepairSettings",
    "RoomSettings",
    "ScreenSettings",
    "Settings",
    "SettingsError",
    "SupervisorSettings",
    "load_settings",
    "settings_table",
    "settings_template",
]
