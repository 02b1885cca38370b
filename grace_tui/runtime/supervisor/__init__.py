"""Supervision: states, restart policy, the life of a kernel, and the owner of all of them."""

from grace_tui.runtime.supervisor.parts import Parts
from grace_tui.runtime.supervisor.policy import RestartPolicy
from grace_tui.runtime.supervisor.supervisor import Supervisor, open_supervisor

__all__ = ["Parts", "RestartPolicy", "Supervisor", "open_supervisor"]
