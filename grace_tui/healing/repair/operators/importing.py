"""The operators for imports, in the order in which they are asked."""

from grace_tui.healing.repair.operators.bare_member_import import BareMemberImport
from grace_tui.healing.repair.operators.deferred_import import DeferredImport
from grace_tui.healing.repair.operators.gone_module import GoneModule
from grace_tui.healing.repair.operators.import_cycle import ImportCycle
from grace_tui.healing.repair.operators.lost_init import LostInit
from grace_tui.healing.repair.operators.missing_distribution import MissingDistribution
from grace_tui.healing.repair.operators.missing_export import MissingExport
from grace_tui.healing.repair.operators.missing_name_import import MissingNameImport
from grace_tui.healing.repair.operators.moved_importer import ClimbedOut, MovedImporter
from grace_tui.healing.repair.operators.moved_module import MovedModule
from grace_tui.healing.repair.patch import RepairOperator

IMPORT_OPERATORS: tuple[RepairOperator, ...] = (
    MissingExport(),
    LostInit(),
    ImportCycle(),
    DeferredImport(),
    MovedModule(),
    MovedImporter(),
    BareMemberImport(),
    GoneModule(),
    MissingDistribution(),
    ClimbedOut(),
    MissingNameImport(),
)
