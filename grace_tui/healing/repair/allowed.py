"""What policy lets a repair do, as a heal, a preflight or a kernel was told; read by the operators."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a repair may do that it does not do by default."""

    rewrite_moved: bool = False
    """Rewrite the relative imports of a file that was itself moved."""
    install: bool = False
    """Install a missing third-party distribution."""
