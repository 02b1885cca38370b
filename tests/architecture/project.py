"""The project's own files, for the tests that read them."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def requirements(group: str) -> list[str]:
    """The requirements of `dependencies`, or of an extra."""
    project = pyproject()["project"]
    found: list[str] = project[group] if group == "dependencies" else project["optional-dependencies"][group]
    return found


def declared(group: str) -> set[str]:
    """Names of the distributions that a group requires."""
    return {re.split(r"[\[<>=~!; ]", line, maxsplit=1)[0].lower() for line in requirements(group)}


def sources(folder: str) -> Iterator[Path]:
    """Python files below a folder."""
    yield from sorted((ROOT / folder).rglob("*.py"))
