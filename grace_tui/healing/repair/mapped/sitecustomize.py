"""On the path of programs that run in a copy of a tree: what an installation finds in the tree is read in the copy.

Editable installations name the tree by absolute paths, in `.pth` files (by now in `sys.path`) or in import hooks of
their own. `GRACE_TREE` is where the tree is, `GRACE_COPY` where its copy. Standard library only, Python 3.8 and later.
"""

import importlib
import os
import sys
from typing import Any

TREE, COPY = os.environ.get("GRACE_TREE", ""), os.environ.get("GRACE_COPY", "")


def there(path: Any) -> Any:
    """The path in the copy; what was not copied, such as a virtual environment, stays where it is."""
    if not isinstance(path, str) or not (path == TREE or path.startswith(TREE + os.sep)):
        return path
    moved = COPY + path[len(TREE) :]
    return moved if os.path.exists(moved) else path


def redirect(places: dict[str, Any]) -> None:
    for name, place in places.items():
        places[name] = [there(entry) for entry in place] if isinstance(place, list) else there(place)


def move_imports() -> None:
    sys.path[:] = [there(entry) for entry in sys.path]
    for finder in sys.meta_path:
        module = sys.modules.get(getattr(finder, "__module__", ""))
        for places in (getattr(module, "MAPPING", None), getattr(module, "NAMESPACES", None)):  # of setuptools
            if isinstance(places, dict):
                redirect(places)
        places = getattr(finder, "_redirections", None)  # of the package `editables`
        if isinstance(places, dict):
            redirect(places)


def step_aside() -> None:
    """Leave the path, and load the `sitecustomize` that would have been loaded without this one."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if entry != here]
    own = sys.modules.pop("sitecustomize", None)
    try:
        importlib.import_module("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        if own is not None:
            sys.modules.setdefault("sitecustomize", own)


if TREE and COPY:
    move_imports()
step_aside()
