"""What makes two failures the same: normal forms of their text and places, two signatures, and the user's own rules."""

from grace_tui.healing.incidents.signature.rule_file import RULES_FILE, RuleFileError, load_rules
from grace_tui.healing.incidents.signature.rules import Rule
from grace_tui.healing.incidents.signature.sign import VERSION, Signature, sign

__all__ = ["RULES_FILE", "VERSION", "Rule", "RuleFileError", "Signature", "load_rules", "sign"]
