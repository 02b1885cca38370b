"""Imports every module of a tree before anything else does, names the causes of what fails, and repairs them."""

from grace_tui.healing.repair.preflight.report import Report
from grace_tui.healing.repair.preflight.session import Bar, Preflight, Wanted
from grace_tui.healing.repair.preflight.survey import NoServer

__all__ = ["Bar", "NoServer", "Preflight", "Report", "Wanted"]
