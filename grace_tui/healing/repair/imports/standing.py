"""The files that let a module be imported by a name it does not have: as few as do, where Python looks for them."""

from typing import TYPE_CHECKING

from grace_tui.healing.repair.imports.layout import INIT
from grace_tui.healing.repair.imports.shims import PACKAGE, alias, package_alias, runs_as_main
from grace_tui.healing.repair.imports.whereabouts import Wanted
from grace_tui.healing.repair.patch import FileEdit

if TYPE_CHECKING:
    from grace_tui.healing.repair.imports.view import View


def stand_in(wanted: Wanted, real: str, view: "View") -> tuple[FileEdit, ...] | str:
    """New files after which `wanted.module` is `real`; a text says why there can be none."""
    if (why := hindrance(wanted, view)) is not None:
        return why
    below = wanted.module[len(wanted.missing) :]
    base = real.removesuffix(below)
    if below and (base == real or not base or not view.layout.has(base) or not _serves(wanted, base, view)):
        return (*packages(wanted, view), _alias_file(_file(wanted, view), wanted.module, real, view))
    return (_alias_file(_file(wanted, view, whole=True), wanted.missing, base, view),)


def hindrance(wanted: Wanted, view: "View") -> str | None:
    """Why no file may take the name of the first missing part; None where one may."""
    parent, _, last = wanted.missing.rpartition(".")
    if not parent and view.is_foreign(last):
        return f"a module {last} here would hide the one of that name that is not of this tree"
    if not view.expected_path(wanted):
        return f"{parent} is not a package of this tree, so nothing can be put below it"
    return None


def packages(wanted: Wanted, view: "View") -> tuple[FileEdit, ...]:
    """The packages that are missing above the wanted module."""
    stem = view.expected_path(wanted)
    parts = [part for part in wanted.module[len(wanted.missing) :].split(".") if part]
    return tuple(FileEdit("/".join([stem, *parts[:depth], INIT]), None, PACKAGE) for depth in range(len(parts)))


def module_file(wanted: Wanted, text: str, view: "View") -> tuple[FileEdit, ...]:
    """A new module at the wanted place, with the packages above it."""
    return (*packages(wanted, view), FileEdit(_file(wanted, view), None, text))


def _file(wanted: Wanted, view: "View", *, whole: bool = False) -> str:
    below = "" if whole else wanted.module[len(wanted.missing) :]
    return f"{view.expected_path(wanted)}{below.replace('.', '/')}.py"


def _serves(wanted: Wanted, base: str, view: "View") -> bool:
    """True where everything that the tree asks for below the missing part is below `base` too."""
    asked = {demand.module for demand in view.demands.on(wanted.missing) if demand.module.startswith(wanted.missing)}
    return all(view.layout.has(base + module[len(wanted.missing) :]) for module in asked)


def _alias_file(path: str, old: str, real: str, view: "View") -> FileEdit:
    package = view.layout.is_package(real)
    file = view.layout.files.get(f"{real}.__main__" if package else real, "")
    runs = bool(file) and (package or runs_as_main(view.index.parsed(file)))
    return FileEdit(path, None, (package_alias if package else alias)(old, real, runs=runs))
