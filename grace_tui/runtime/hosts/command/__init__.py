"""Any program as one more kernel: started, probed, read, measured and stopped with its whole process group."""

from grace_tui.runtime.hosts.command.spec import Check, CommandSpec, Schedule

__all__ = ["Check", "CommandSpec", "Schedule"]
