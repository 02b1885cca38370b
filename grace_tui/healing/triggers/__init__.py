"""Triggers: rules as TOML, when one fires, and the measuring that needs no running room."""

from grace_tui.healing.triggers.judge import SubjectState, Verdict, gone, judge
from grace_tui.healing.triggers.measure import MeasureSpec, Parameter, Reading
from grace_tui.healing.triggers.rule import Rule, RuleSet
from grace_tui.healing.triggers.rule_file import OWN_FILE, SHIPPED, Known, load_rules

__all__ = [
    "OWN_FILE",
    "SHIPPED",
    "Known",
    "MeasureSpec",
    "Parameter",
    "Reading",
    "Rule",
    "RuleSet",
    "SubjectState",
    "Verdict",
    "gone",
    "judge",
    "load_rules",
]
