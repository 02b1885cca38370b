"""The operators that mend call signatures, each for the ways in which Python tells of it."""

from grace_tui.healing.repair.operators.keyword_only import KeywordOnly
from grace_tui.healing.repair.operators.lost_binding import LostBinding
from grace_tui.healing.repair.operators.missing_argument import MissingArgument
from grace_tui.healing.repair.operators.passed_on import PassedOn
from grace_tui.healing.repair.operators.positional_only import PositionalOnly
from grace_tui.healing.repair.operators.records import LostField, LostRecord, MissingField
from grace_tui.healing.repair.operators.renamed_parameter import RenamedParameter
from grace_tui.healing.repair.operators.reordered import Reordered
from grace_tui.healing.repair.operators.restored_parameter import RestoredParameter
from grace_tui.healing.repair.operators.unexpected_keyword import UnexpectedKeyword
from grace_tui.healing.repair.patch import RepairOperator

CALL_OPERATORS: tuple[RepairOperator, ...] = (
    RestoredParameter("restored_parameter", "unexpected_keyword"),
    RestoredParameter("restored_argument", "too_many_positionals"),
    RestoredParameter("restored_between", "multiple_values"),
    RestoredParameter("restored_name", "lost_parameter"),
    RenamedParameter("renamed_parameter", "unexpected_keyword"),
    UnexpectedKeyword(),
    PassedOn("passed_on", "unexpected_keyword"),
    PassedOn("passed_on_by_place", "too_many_positionals"),
    MissingArgument(),
    KeywordOnly(),
    PositionalOnly("positional_only", "positional_only"),
    LostBinding("lost_binding", "missing_argument"),
    LostBinding("lost_static", "too_many_positionals"),
    LostField(),
    MissingField(),
    LostRecord("lost_record", "too_many_positionals"),
    Reordered("reordered", "reordered"),
    Reordered("reordered_between", "multiple_values"),
)
