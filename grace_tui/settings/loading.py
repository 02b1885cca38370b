"""Reads `grace.toml` into Settings, or says exactly which line cannot be used and what would be right.

Every key is checked against the structs of `model` one by one, because the first message a user sees should name the
key and its range rather than a schema.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeGuard

import msgspec

from grace_tui.kernel.errors import GraceError
from grace_tui.settings.locate import line_of
from grace_tui.settings.model import KernelSettings, Settings, Table
from grace_tui.settings.words import expected

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class SettingsError(GraceError):
    """A settings file says something that cannot be used."""

    def __init__(
        self, path: Path, problem: str, *, key: str = "", value: object = None, line: int = 0, column: int = 0
    ) -> None:
        place = "".join(f":{number}" for number in (line, column) if number)
        super().__init__(f"{path}{place}: {problem}")
        self.path, self.problem, self.key, self.value = path, problem, key, value
        self.line, self.column = line, column
        """Counted from 1; 0 where it is not known."""


def load_settings(path: Path) -> Settings:
    """Read a settings file; without one, everything has its default.

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
        self.path, self.text = path, text

    def settings(self, data: Mapping[str, Any]) -> Settings:
        fields = {field.name: field for field in msgspec.structs.fields(Settings)}
        tables: dict[str, Any] = {}
        for name, value in data.items():
            if name not in fields:
                self._unknown((name,), fields)
            found = self._mapping((name,), value)
            if name == "kernels":
                tables[name] = {kernel: self._kernel(kernel, given) for kernel, given in found.items()}
            else:
                tables[name] = self._table((name,), found, fields[name].type)
        return Settings(**tables)

    def _table(self, at: Sequence[str], data: Mapping[str, Any], kind: type[Table]) -> Table:
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        values: dict[str, Any] = {}
        for name, value in data.items():
            if name not in fields:
                self._unknown((*at, name), fields)
            values[name] = self._value((*at, name), value, fields[name].type)
        return kind(**values)

    def _kernel(self, name: str, value: object) -> KernelSettings:
        at = ("kernels", name)
        data = dict(self._mapping(at, value))
        types = {field.name: field.type for field in msgspec.structs.fields(KernelSettings) if field.name != "options"}
        known = {key: self._value((*at, key), data.pop(key), kind) for key, kind in types.items() if key in data}
        return KernelSettings(**known, options=data)

    def _mapping(self, at: Sequence[str], value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self._wrong(at, value, f"a table, [{'.'.join(at)}]")
        return value

    def _value(self, at: Sequence[str], value: object, kind: Any) -> Any:
        if _infinite(value):
            self._wrong(at, value, expected(kind))
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            self._wrong(at, value, expected(kind))

    def _unknown(self, at: Sequence[str], known: Mapping[str, object]) -> NoReturn:
        near = difflib.get_close_matches(at[-1], known, n=1)
        right = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        self._refuse(at, None, f"{'.'.join(at)} is not a setting; {right}")

    def _wrong(self, at: Sequence[str], value: object, right: str) -> NoReturn:
        self._refuse(at, value, f"{'.'.join(at)} is {_shown(value)}; expected {right}")

    def _refuse(self, at: Sequence[str], value: object, problem: str) -> NoReturn:
        raise SettingsError(self.path, problem, key=".".join(at), value=value, line=line_of(self.text, at))


def _infinite(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and not math.isfinite(value)


def _shown(value: object) -> str:
    """A value as the file spells it, cut to a readable length."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
