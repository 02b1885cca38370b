"""Rehearsals of a failure and its repair, for real, in a scratch workspace made from what is shipped."""

from grace_tui.drill.running import DRILLS, run, show

__all__ = ["DRILLS", "run", "show"]
