"""Which dotted name belongs to which file or package folder, each under the one name it goes by."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from grace_tui.healing.repair.index import Index

INIT = "__init__.py"


@dataclass(frozen=True)
class Layout:
    index: Index

    @property
    def names(self) -> Mapping[str, str]:
        """File -> dotted name."""
        return self.index.names

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Dotted name -> file; where two files would have one name, the package, which Python finds first."""
        found: dict[str, str] = {}
        for path, name in sorted(self.names.items(), key=lambda item: (not item[0].endswith(INIT), item[0])):
            found.setdefault(name, path)
        return found

    @cached_property
    def folders(self) -> Mapping[str, str]:
        """Dotted name -> folder, of every package: with an `__init__.py`, or a folder that holds modules somewhere."""
        found: dict[str, str] = {}
        for path, name in self.names.items():
            folder = PurePosixPath(path).parent
            parts = name.split(".") if path.endswith(INIT) else name.split(".")[:-1]
            while parts and folder.name == parts[-1]:
                found.setdefault(".".join(parts), folder.as_posix())
                parts, folder = parts[:-1], folder.parent
        return found

    def has(self, module: str) -> bool:
        return module in self.files or module in self.folders

    def first_missing(self, module: str) -> str:
        """The shortest part of a dotted name, from its start, that is not in the tree."""
        parts = module.split(".")
        names = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
        return next((name for name in names if not self.has(name)), module)

    def is_package(self, module: str) -> bool:
        return module in self.folders and (module not in self.files or self.files[module].endswith(INIT))

    def absolute(self, path: str, written: str, level: int) -> str:
        """The dotted name that `from <level dots><written>` means in `path`; empty where it climbs out of the top."""
        if not level:
            return written
        package = self.package_of(path)
        kept = len(package) - (level - 1)
        return ".".join([*package[:kept], *([written] if written else [])]) if kept > 0 else ""

    def package_of(self, path: str) -> tuple[str, ...]:
        """The package that relative imports of a file start from."""
        parts = tuple(self.names.get(path, "").split("."))
        return parts if path.endswith(INIT) else parts[:-1]

    def root_of(self, path: str) -> str:
        """The folder of the search path below which `path` has its name; empty for the tree's own root."""
        parts = self.names.get(path, "").split(".")
        above = PurePosixPath(path).parents
        folder = above[min(len(parts) if path.endswith(INIT) else len(parts) - 1, len(above) - 1)]
        return "" if folder == PurePosixPath(".") else folder.as_posix()


def joined(folder: str, *parts: str) -> str:
    return "/".join(part for part in (folder, *parts) if part and part != ".")


def is_test(path: str) -> bool:
    parts = path.split("/")
    return (
        any(part in ("tests", "test") for part in parts[:-1])
        or parts[-1].startswith("test_")
        or parts[-1].endswith("_test.py")
        or parts[-1] == "conftest.py"
    )
