"""The medians of an earlier run, kept beside this file so that a later one can be compared with them."""

import os
import platform
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import tomli_w

from grace_tui.disk import atomic_write
from tests.bench.rows import Row

FILE = Path(__file__).with_name("baseline.toml")


def load(path: Path = FILE) -> Mapping[str, float]:
    """Row name -> median; empty where nothing has been saved."""
    if not path.is_file():
        return {}
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("median", {})
    return {name: float(value) for name, value in rows.items()}


def save(rows: Iterable[Row], path: Path = FILE) -> None:
    """Replace the medians of these rows; rows that were not measured stay as they are."""
    medians = {**load(path), **{row.name: float(f"{row.median:.4g}") for row in rows if row.values}}
    machine = {"cores": os.cpu_count() or 0, "python": platform.python_version(), "machine": platform.machine()}
    text = tomli_w.dumps({"machine": machine, "median": dict(sorted(medians.items()))})
    atomic_write(path, text.encode())
