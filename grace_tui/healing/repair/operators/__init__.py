"""The fix templates. Importing this package loads libcst: only the process that proposes patches does."""

from collections.abc import Mapping

from grace_tui.healing.repair.operators.attributes import ATTRIBUTE_OPERATORS
from grace_tui.healing.repair.operators.calls import CALL_OPERATORS
from grace_tui.healing.repair.operators.importing import IMPORT_OPERATORS
from grace_tui.healing.repair.operators.restore_definition import RestoreDefinition
from grace_tui.healing.repair.operators.restore_export import RestoreExport
from grace_tui.healing.repair.operators.restore_module import RestoreModule
from grace_tui.healing.repair.operators.unreadable_source import UnreadableSource
from grace_tui.healing.repair.patch import RepairOperator

OPERATORS: Mapping[str, RepairOperator] = {
    operator.name: operator
    for operator in (
        *CALL_OPERATORS,
        *IMPORT_OPERATORS,
        *ATTRIBUTE_OPERATORS,
        RestoreDefinition(),
        RestoreModule(),
        RestoreExport(),
        UnreadableSource(),
    )
}
"""Operator name -> operator; the first whose `problem` fits is asked first."""

__all__ = ["OPERATORS"]
