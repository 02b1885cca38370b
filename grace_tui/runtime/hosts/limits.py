"""Limits on what a kernel's own process may use: set in the child before any code of the kernel or program runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """None leaves a limit as it is."""

    memory_bytes: int | None = None
    """Address space of each process."""
    cpu_seconds: int | None = None
    """Processor time of each process, in all its life."""
    open_files: int | None = None
