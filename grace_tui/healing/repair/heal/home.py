"""Where `heal` keeps what outlives it: journal, heals and knowledge of one tree, knowledge of the user, the cache.

A workspace keeps its own state; of any other tree nothing is written into it but the repair itself.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grace_tui.kernel.errors import GraceError


class HealBusy(GraceError):
    """Another heal is at work in the same tree."""

    def __init__(self, root: Path, holder: str) -> None:
        super().__init__(
            f"another heal is at work in {root} ({holder or 'of unknown process'}); try again when it has ended"
        )
        self.root, self.holder = root, holder


@dataclass(frozen=True, slots=True)
class Home:
    root: Path
    state: Path
    cache: Path
    """For what can be made again: the index."""
    shared: Path
    """Knowledge of this user, whatever the tree."""

    @property
    def journal(self) -> Path:
        return self.state / "journal"

    @property
    def heals(self) -> Path:
        """One file a heal that changed something."""
        return self.state / "heals"

    @property
    def knowledge(self) -> Path:
        return self.state / "knowledge"


def home_of(root: Path, environ: Mapping[str, str] | None = None) -> Home:
    environ = os.environ if environ is None else environ
    state = _folder(environ, "XDG_STATE_HOME", ".local/state")
    cache = _folder(environ, "XDG_CACHE_HOME", ".cache")
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", root.name)[:60] or "root"
    name = f"{plain}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"
    own = root / ".grace" / "heal" if is_workspace(root) else state / "trees" / name
    return Home(root, own, cache / name, state / "knowledge")


def is_workspace(root: Path) -> bool:
    return (root / ".grace").is_dir() or (root / "grace.toml").is_file()


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Hold the tree against other heals; a killed one lets go by itself.

    Raises:
        HealBusy: another one holds it.
    """
    home.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(home.state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HealBusy(home.root, os.read(handle, 100).decode("utf-8", "replace").strip()) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.close(handle)


def _folder(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    chosen = environ.get(variable, "")
    base = Path(chosen) if os.path.isabs(chosen) else Path(environ.get("HOME") or Path.home()) / otherwise
    return base / "grace-tui"
