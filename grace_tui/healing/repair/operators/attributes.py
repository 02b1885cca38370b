"""The operators for what an object lacks or is not, in the order in which they are asked."""

from grace_tui.healing.repair.operators.abstract_method import AbstractMethod
from grace_tui.healing.repair.operators.async_or_sync import AsyncOrSync
from grace_tui.healing.repair.operators.class_or_instance import ClassOrInstance
from grace_tui.healing.repair.operators.lost_attribute import LostAttribute
from grace_tui.healing.repair.operators.lost_binding import LostBinding
from grace_tui.healing.repair.operators.lost_property import LostProperty
from grace_tui.healing.repair.operators.missing_key import MissingKey
from grace_tui.healing.repair.operators.rebound_method import ReboundMethod
from grace_tui.healing.repair.operators.renamed_export import RenamedExport
from grace_tui.healing.repair.operators.renamed_member import RenamedMember
from grace_tui.healing.repair.operators.return_shape import ReturnShape
from grace_tui.healing.repair.operators.sibling_member import SiblingMember
from grace_tui.healing.repair.patch import RepairOperator

ATTRIBUTE_OPERATORS: tuple[RepairOperator, ...] = (
    RenamedMember(),
    RenamedMember("renamed_override", "missing_override", overriding=True),
    RenamedExport(),
    LostAttribute(),
    SiblingMember(),
    ReboundMethod(),
    LostProperty(),
    LostBinding("lost_class_binding", "misbound"),
    AbstractMethod(),
    AsyncOrSync(),
    ClassOrInstance(),
    MissingKey(),
    ReturnShape(),
)
