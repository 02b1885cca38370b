"""Refusals of a settings file: every one names the file, the line, the key, the value and what would be right."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spelling import nearest, shown
from grace_tui.settings.locate import line_of


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


class Complaints:
    """Raises the errors of one file; `at` is always the path of a key, such as `("kernels", "web", "env")`."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    def unknown(self, at: Sequence[str], known: Iterable[str]) -> NoReturn:
        self.refuse(at, None, f"{'.'.join(at)} is not a setting; {nearest(at[-1], known)}")

    def wrong(self, at: Sequence[str], value: object, right: str) -> NoReturn:
        self.refuse(at, value, f"{'.'.join(at)} is {shown(value)}; expected {right}")

    def refuse(self, at: Sequence[str], value: object, problem: str) -> NoReturn:
        raise SettingsError(self.path, problem, key=".".join(at), value=value, line=line_of(self.text, at))
