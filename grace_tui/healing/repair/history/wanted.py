"""Which modules and files a failure misses, by its words."""

import re

from grace_tui.healing.failure import Failure

_NO_MODULE = re.compile(r"^No module named '?(?P<name>[\w.]+)'?")
_NO_NAME = re.compile(
    r"^cannot import name '(?P<name>\w+)' from (?:partially initialized module )?'(?P<module>[\w.]+)'"
)
_NO_ATTRIBUTE = re.compile(r"^(?:partially initialized )?module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'")
_NO_FILE = re.compile(r"No such file or directory: '(?P<path>[^']+)'")


def wanted_modules(failure: Failure) -> tuple[str, ...]:
    """Dotted names of modules that the failure may miss."""
    if failure.kind == "ModuleNotFoundError" and (match := _NO_MODULE.match(failure.message)):
        return (match["name"],)
    if match := (_NO_NAME.match(failure.message) or _NO_ATTRIBUTE.match(failure.message)):
        return f"{match['module']}.{match['name']}", match["module"]
    return ()


def wanted_file(failure: Failure) -> str:
    """The path that the program could not open."""
    if failure.kind != "FileNotFoundError":
        return ""
    match = _NO_FILE.search(failure.message)
    return match["path"] if match else ""
