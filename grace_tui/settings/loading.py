"""Reads `grace.toml` into Settings, or says exactly which line cannot be used and what would be right.

Every key is checked against the structs of `model` one by one, because the first message a user sees should name the
key and its range rather than a schema.
"""

import functools
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

import msgspec

from grace_tui.settings.compiling import compile_kernel
from grace_tui.settings.errors import Complaints, SettingsError
from grace_tui.settings.kernels import CommandTable, KernelSettings, KernelTable, Table
from grace_tui.settings.model import Settings
from grace_tui.settings.naming import KernelNames, settle_names
from grace_tui.settings.words import expected, table_in

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
AnyTable = TypeVar("AnyTable", bound=Table)


def load_settings(path: Path) -> Settings:
    """Read the settings file of the workspace it lies in; without one, everything has its default.

    Raises:
        SettingsError: the file cannot be read, is not TOML, or has an unknown key or a value that cannot be used.
    """
    text = _read(path)
    return _Reader(path, text).settings(_parse(path, text))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise SettingsError(path, f"is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise SettingsError(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        line, column = (int(place[1]), int(place[2])) if place and place[1] else (text.count("\n") + 1, 0)
        raise SettingsError(path, f"not TOML: {_PLACE.sub('', message)}", line=line, column=column) from error


class _Reader:
    """One pass over one parsed file."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.complaints = path, Complaints(path, text)

    def settings(self, data: Mapping[str, Any]) -> Settings:
        fields = {field.name: field for field in msgspec.structs.fields(Settings)}
        tables: dict[str, Any] = {}
        for name, value in data.items():
            if name not in fields:
                self.complaints.unknown((name,), fields)
            found = self._mapping((name,), value)
            if name == "kernels":
                tables[name] = self._kernels(found)
            else:
                tables[name] = self._table((name,), found, fields[name].type)
        return Settings(**tables)

    def _kernels(self, data: Mapping[str, Any]) -> Mapping[str, KernelSettings]:
        names = KernelNames.of(self.path.parent)
        compiled = {}
        for name, value in data.items():
            found = self._mapping(("kernels", name), value)
            compiled[name] = self._kernel(name, found, names)
        return settle_names(compiled, names, self.complaints)

    def _kernel(self, name: str, data: Mapping[str, Any], names: KernelNames) -> tuple[KernelSettings, int]:
        at = ("kernels", name)
        names.check(name, data, self.complaints)
        if "command" in data:
            table = self._table(at, data, CommandTable)
            return compile_kernel(name, table, {}, self.complaints), table.replicas
        known = _fields(KernelTable)
        typed = self._table(at, {key: data[key] for key in data if key in known}, KernelTable)
        own = {key: data[key] for key in data if key not in known}
        return compile_kernel(name, typed, own, self.complaints), 1

    def _table(self, at: Sequence[str], data: Mapping[str, Any], kind: type[AnyTable]) -> AnyTable:
        fields = _fields(kind)
        values: dict[str, Any] = {}
        for name, value in data.items():
            if name not in fields:
                self.complaints.unknown((*at, name), fields)
            type_, inner = fields[name]
            if inner is not None and isinstance(value, dict):
                values[name] = self._table((*at, name), value, inner)
            else:
                values[name] = self._value((*at, name), value, type_)
        return kind(**values)

    def _mapping(self, at: Sequence[str], value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.complaints.wrong(at, value, f"a table, [{'.'.join(at)}]")
        return value

    def _value(self, at: Sequence[str], value: object, kind: Any) -> Any:
        if _infinite(value):
            self.complaints.wrong(at, value, expected(kind))
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            self.complaints.wrong(at, value, expected(kind))


@functools.cache
def _fields(kind: type[Table]) -> dict[str, tuple[Any, Any]]:
    """Name -> the type of a field, and the struct of the table in it, if there is one."""
    return {field.name: (field.type, table_in(field.type)) for field in msgspec.structs.fields(kind)}


def _infinite(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and not math.isfinite(value)
