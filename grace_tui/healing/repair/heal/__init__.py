"""Heals any Python command: repairs the providers of broken interfaces under one folder until the command succeeds."""

from grace_tui.healing.repair.heal.home import Home, alone, home_of
from grace_tui.healing.repair.heal.ledger import Ledger
from grace_tui.healing.repair.heal.report import Report
from grace_tui.healing.repair.heal.session import Session, Wanted

__all__ = ["Home", "Ledger", "Report", "Session", "Wanted", "alone", "home_of"]
