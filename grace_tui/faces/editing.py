"""Hands a text to a person's editor and takes it back. Used by `task edit`, and by the screen while it is suspended."""

import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

EDITORS = ("VISUAL", "EDITOR")
OTHERWISE = "vi"


def editor(environ: Mapping[str, str] | None = None) -> list[str]:
    """The person's editor, as they have it in their environment."""
    environ = os.environ if environ is None else environ
    chosen = next((environ[name] for name in EDITORS if environ.get(name, "").strip()), OTHERWISE)
    return shlex.split(chosen)


class Draft:
    """A text in a file of its own, for as long as it is edited."""

    def __init__(self, text: str, name: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="grace-edit-")
        self.before = text
        self.path = Path(self._folder.name) / name
        self.path.write_text(text, "utf-8", errors="surrogateescape", newline="")

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def read(self) -> str:
        """What the person left; empty where the file is gone."""
        try:
            with self.path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
                return file.read()
        except FileNotFoundError:
            return ""
