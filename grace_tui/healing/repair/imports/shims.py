"""The text of a module at an old name: it hands over to the real one, and never is a second instance of it.

Stand-ins are written for Python 3.8 and later, lean on nothing but the standard library, and say why they are there.
"""

import ast
from collections.abc import Iterable, Mapping

ALIAS = '''"""For those who import `{old}`: it is `{real}` itself."""

import importlib
{imports}import sys
from typing import Any


def __getattr__(name: str) -> Any:
    """In a circle of imports this module is asked before it has become the real one."""
    return getattr(importlib.import_module("{real}"), name)


{hand_over}
'''

HAND_OVER = 'sys.modules[__name__] = importlib.import_module("{real}")'

RUN_OR_HAND_OVER = """if __name__ == "__main__":
    runpy.run_module("{real}", run_name="__main__", alter_sys=True)
else:
    sys.modules[__name__] = importlib.import_module("{real}")"""

PACKAGE_ALIAS = '''"""For those who import `{old}`: it is `{real}` itself, and so is every module below it."""

import importlib
import importlib.abc
import importlib.util
{imports}import sys
from typing import Any


def __getattr__(name: str) -> Any:
    """In a circle of imports this module is asked before it has become the real one."""
    return getattr(importlib.import_module("{real}"), name)


class _SameModule(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `{old}.x` as `{real}.x`: a second instance of it would have a state of its own."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.startswith(__name__ + ".") and not name.endswith(".__main__"):
            return importlib.util.spec_from_loader(name, self)
        return None

    def exec_module(self, module: Any) -> None:
        real = "{real}" + module.__name__[len(__name__) :]
        sys.modules[module.__name__] = importlib.import_module(real)


{hand_over}
'''

INSTALL = """sys.meta_path.insert(0, _SameModule())
sys.modules[__name__] = importlib.import_module("{real}")"""

PACKAGE = '"""For those who import the modules in here, which live elsewhere."""\n'


def alias(old: str, real: str, *, runs: bool) -> str:
    """A module that is `real`; with `runs` also for `python -m`."""
    hand_over = (RUN_OR_HAND_OVER if runs else HAND_OVER).format(real=real)
    return ALIAS.format(old=old, real=real, imports="import runpy\n" if runs else "", hand_over=hand_over)


def package_alias(old: str, real: str, *, runs: bool) -> str:
    """The same for a package: the modules below the old name are those below the new one."""
    hand_over = INSTALL.format(real=real)
    if runs:
        branch = "\n".join(f"    {line}" for line in hand_over.splitlines())
        start = RUN_OR_HAND_OVER.format(real=real).split("else:")[0]
        hand_over = f"{start}else:\n{branch}"
    return PACKAGE_ALIAS.format(old=old, real=real, imports="import runpy\n" if runs else "", hand_over=hand_over)


def gathered(old: str, names: Mapping[str, Iterable[str]]) -> str:
    """A module whose names live elsewhere now: real module -> names."""
    places = " and ".join(f"`{module}`" for module in sorted(names))
    lines = [f'"""For those who import `{old}`: what it had is in {places}."""', ""]
    lines += [f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names)]
    every = sorted(name for group in names.values() for name in group)
    listed = ", ".join(f'"{name}"' for name in every)
    return "\n".join([*lines, "", f"__all__ = [{listed}]", ""])


def gathered_on_demand(old: str, names: Mapping[str, Iterable[str]]) -> str:
    """The same where importing the real modules at once would close a cycle."""
    places = " and ".join(f"`{module}`" for module in sorted(names))
    entries = sorted((name, module) for module, group in names.items() for name in group)
    table = "\n".join(f'    "{name}": "{module}",' for name, module in entries)
    return f'''"""For those who import `{old}`: what it had is in {places}."""

import importlib
from typing import Any

_PLACES = {{
{table}
}}
"""Name -> module; imported when the name is asked for, because these modules lead back here."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    return getattr(importlib.import_module(_PLACES[name]), name)
'''


def runs_as_main(tree: ast.Module | None) -> bool:
    """True for a module that does something when it is run as `python -m`."""
    if tree is None:
        return False
    return any(
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Name)
        and node.test.left.id == "__name__"
        for node in tree.body
    )
