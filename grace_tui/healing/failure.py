"""A failure as plain data: what diagnosis needs, taken from the live exception while it is still there.

It is serialisable, so that a repair can be queued, survive a restart, and run in another process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the traceback, outermost first in `Failure.frames`."""

    file: str
    """Relative to the workspace with forward slashes where it lies inside; absolute otherwise."""
    in_project: bool
    function: str
    """Qualified name, such as `CodingAgent.start`."""
    line: int
    source: str = ""
    """The source line, stripped."""
    module: str = ""
    """Dotted name of the frame's module, as it was running."""
    expression: str = ""
    """The expression that was being evaluated, where the running Python knows it."""


@dataclass(frozen=True, slots=True)
class Callee:
    """The object whose interface refused a call, resolved from the live frame."""

    qualname: str
    file: str
    """Relative to the workspace where it lies inside; absolute otherwise."""
    line: int
    signature: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Keyword -> type name of the value that the caller passed, where it could be seen."""
    positional: tuple[str, ...] = ()
    """Type names of the positional arguments, `self` not among them; empty where one could not be seen."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The live object that lacked what was asked of it: a module, a class, an instance, a function, a mapping."""

    what: Literal["module", "class", "instance", "function", "mapping"]
    name: str
    """Dotted name of a module; qualified name of a class (an instance is of it), or of a function."""
    module: str
    """Dotted name of the module that defines it."""
    file: str
    """As `Frame.file`."""
    line: int = 0
    bases: tuple[tuple[str, str, str], ...] = ()
    """(module, qualified name, file) of the other classes of its MRO, nearest first, without builtins."""
    names: tuple[str, ...] = ()
    """What it does have: names of a module or class, keys of a mapping; at most 500."""


@dataclass(frozen=True, slots=True)
class Failure:
    kernel: str
    phase: str
    kind: str
    """Type name of the exception that matters (the leaf of a group)."""
    message: str
    frames: tuple[Frame, ...]
    chain: tuple[tuple[str, str], ...] = ()
    """(type, message) of causes and contexts, innermost cause first."""
    callee: Callee | None = None
    missing: tuple[str, str, str] | None = None
    """For a failed import of a name: (module, name, file of the module as Frame.file)."""
    at: float = 0.0
    asked: str = ""
    """What was missing: an attribute, a name, a key, a module."""
    subject: Subject | None = None
    """What it was asked of."""
    touched: tuple[Callee, ...] = ()
    """In-project functions and classes that the failing lines name or called, innermost first; what may have answered
    in another shape than before."""

    @property
    def consumers(self) -> tuple[str, ...]:
        """In-project files of the traceback, innermost first, each once: what a repair must leave byte for byte."""
        seen = dict.fromkeys(frame.file for frame in reversed(self.frames) if frame.in_project)
        return tuple(seen)
