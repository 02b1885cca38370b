"""Watches places in modules that the program may import, from the moment that it does.

The finder looks only at the names it waits for, and leaves when the last of them is loaded.
"""

from __future__ import annotations

import sys

from . import catching, reports

TYPE_CHECKING = False  # `typing` is not imported here: that alone would take most of the time that a start may cost
if TYPE_CHECKING:
    from typing import Any

_WAITING = {
    "threading": reports.of_threads,
    "asyncio.base_events": reports.of_loops,
    "traceback": reports.of_prints,
    "warnings": reports.of_coroutines,
    "unittest.result": reports.of_unittest,
    "unittest.loader": reports.of_loader,
    "_pytest.config": reports.of_pytest,
}


class Waiting:
    """A finder that finds nothing itself: it has the others find the module, and is told when that has run."""

    def find_spec(self, name: Any, path: Any = None, target: Any = None) -> Any:
        if name not in _WAITING:
            return None
        change = _WAITING.pop(name)
        if not _WAITING and self in sys.meta_path:
            sys.meta_path.remove(self)
        for finder in list(sys.meta_path):
            look = getattr(finder, "find_spec", None)
            spec = look(name, path, target) if finder is not self and look is not None else None
            if spec is not None:
                _tell_after(spec.loader, change)
                return spec
        return None


def _tell_after(loader: Any, change: Any) -> None:
    run = getattr(loader, "exec_module", None)
    if run is None or isinstance(loader, type):
        return

    def exec_module(module: Any) -> None:
        del loader.exec_module
        run(module)
        _change(change, module)

    try:
        loader.exec_module = exec_module
    except AttributeError as error:  # a loader with slots
        catching.trouble("importing", error)


def _change(change: Any, module: Any) -> None:
    try:
        change(module)
    except Exception as error:  # another version of that module, say
        catching.trouble(getattr(module, "__name__", "importing"), error)


def when_imported() -> None:
    for name in list(_WAITING):
        module = sys.modules.get(name)
        if module is not None:
            _change(_WAITING.pop(name), module)
    sys.meta_path.insert(0, Waiting())
