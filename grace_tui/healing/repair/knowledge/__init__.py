"""What was learned: for each strict signature the fix that was proven, replayed without search where it applies."""

from grace_tui.healing.repair.knowledge.fix import Anchor, KnownFile, KnownFix, Outcome, Unreadable
from grace_tui.healing.repair.knowledge.recall import NotNow, Recalled, reader, recall
from grace_tui.healing.repair.knowledge.store import Knowledge, does_the_same
from grace_tui.healing.repair.knowledge.words import as_view, told

__all__ = [
    "Anchor",
    "Knowledge",
    "KnownFile",
    "KnownFix",
    "NotNow",
    "Outcome",
    "Recalled",
    "Unreadable",
    "as_view",
    "does_the_same",
    "reader",
    "recall",
    "told",
]
