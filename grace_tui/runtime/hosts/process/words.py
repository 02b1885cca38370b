"""What the room and a kernel's process tell each other besides calls, as plain records."""

from collections.abc import Mapping
from dataclasses import dataclass

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.spec import KernelSpec

TOKEN = 8
"""Bytes of a request to the forkserver: its number, which comes back with the answer."""
HOOKS = frozenset(
    {"start", "run", "probe", "drain", "stop", "save_state", "paused", "resumed", "vitals", "summary"}
    | {"spec", "context", "name"}
)
"""What the supervisor itself uses of an instance: asked of the process in other ways than a service."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A kernel's class as its process found it."""

    title: str
    """Name of the class."""
    spec: KernelSpec
    doc: str
    version: str
    sources: Mapping[str, bytes]
    """Workspace files that it was built from, relative, its own among them, with what they said."""
    drains: bool
    """Whether it has something to finish before it is cancelled."""


def loaded_kernel(kind: type[Kernel], doc: str, version: str, sources: Mapping[str, bytes]) -> Loaded:
    return Loaded(kind.__name__, kind.spec, doc, version, sources, kind.drain is not Kernel.drain)


@dataclass(frozen=True, slots=True)
class Start:
    """All that an instance is given."""

    name: str
    spec: KernelSpec
    root: str
    state: str
    logs: str
    settings: Mapping[str, object]
    saved_state: Mapping[str, object]
    clock: bool = False
    """Ask the room for the time: it is not the machine's."""
