"""What the runtime keeps on disk: kernel logs and saved states."""

from grace_tui.runtime.storage.logs import KernelLog
from grace_tui.runtime.storage.state import StateStore

__all__ = ["KernelLog", "StateStore"]
