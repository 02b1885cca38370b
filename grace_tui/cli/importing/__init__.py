"""Files of other process managers to a grace.toml: what they say, and, line by line, what could not be carried over."""

from grace_tui.cli.importing.found import Found, Imported, ImportRefused, Process
from grace_tui.cli.importing.procfile import read_procfile
from grace_tui.cli.importing.writing import settings_text

__all__ = ["Found", "ImportRefused", "Imported", "Process", "read_procfile", "settings_text"]
