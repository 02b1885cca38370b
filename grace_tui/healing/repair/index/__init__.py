"""The project index: what the files of a tree define, bind, import and call."""

from grace_tui.healing.repair.index.index import (
    Found,
    Import,
    Importer,
    Index,
    Origin,
    defined_names,
    likeness,
    plain,
    similar,
)
from grace_tui.healing.repair.index.outline import Defined, Definition, FunctionNode, Imported, Outline, run_at_import
from grace_tui.healing.repair.index.uses import Call, Use

__all__ = [
    "Call",
    "Defined",
    "Definition",
    "Found",
    "FunctionNode",
    "Import",
    "Imported",
    "Importer",
    "Index",
    "Origin",
    "Outline",
    "Use",
    "defined_names",
    "likeness",
    "plain",
    "run_at_import",
    "similar",
]
