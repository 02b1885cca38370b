"""The loop guard: measures how late the supervisor's loop turns, names what holds it, and breaks what it can."""

from grace_tui.runtime.guard.beat import Lag, LoopBeat
from grace_tui.runtime.guard.block import Block
from grace_tui.runtime.guard.watch import Guard, GuardLimits, GuardListener

__all__ = ["Block", "Guard", "GuardLimits", "GuardListener", "Lag", "LoopBeat"]
