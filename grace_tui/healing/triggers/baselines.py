"""What was last accepted as good, a table a rule, in `.grace/triggers/baseline.json`. Blocking: for worker threads."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grace_tui.disk import atomic_write


class Baselines:
    """Read once, written whole; a file that cannot be read is put aside and told in `problem`."""

    def __init__(self, path: Path) -> None:
        self.path, self.problem = path, ""
        self._lock = threading.Lock()
        self._tables: dict[str, Any] | None = None

    def get(self, name: str) -> Any | None:
        """What was kept under a name; None where nothing was."""
        with self._lock:
            return self._read().get(name)

    def put(self, name: str, table: object) -> None:
        """Keep plain data under a name; the same data again writes nothing."""
        with self._lock:
            tables = self._read()
            if tables.get(name) == table:
                return
            self._tables = {**tables, name: table}
            atomic_write(self.path, json.dumps(self._tables, sort_keys=True).encode(), mode=0o600, durable=False)

    def _read(self) -> Mapping[str, Any]:
        if self._tables is None:
            self._tables = self._load()
        return self._tables

    def _load(self) -> dict[str, Any]:
        try:
            data = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            return self._aside(f"cannot be read ({error})")
        return data if isinstance(data, dict) else self._aside("holds no table")

    def _aside(self, why: str) -> dict[str, Any]:
        kept = self.path.with_name(f"{self.path.name}.corrupt")
        self.problem = f"{self.path} {why}; the baselines are taken anew"
        try:
            self.path.replace(kept)
            self.problem += f", and the old file is kept as {kept.name}"
        except OSError as error:
            self.problem += f", and it could not be put aside: {error}"
        return {}
