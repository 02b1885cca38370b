"""Where a kernel's work happens: a task on the supervisor's loop, a process of its own, or any program."""

from grace_tui.runtime.hosts.source import Source, TaskSource

__all__ = ["Source", "TaskSource"]
