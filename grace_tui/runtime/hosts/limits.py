"""Limits on what a kernel's own process may use: set in the child before any code of the kernel or program runs."""

from dataclasses import dataclass

from grace_tui.kernel.errors import GraceError


@dataclass(frozen=True, slots=True)
class Limits:
    """None leaves a limit as it is."""

    memory_bytes: int | None = None
    """Address space of each process."""
    cpu_seconds: int | None = None
    """Processor time of each process, in all its life."""
    open_files: int | None = None

    def table(self) -> dict[str, int]:
        """Name of the system's limit -> its value, for those that are set."""
        named = {
            "RLIMIT_AS": self.memory_bytes,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_NOFILE": self.open_files,
        }
        return {name: value for name, value in named.items() if value is not None}


class LimitsUnknown(GraceError):
    """This system has no such limits."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(f"this system cannot limit a process; {limits} would not be kept")


def apply(limits: Limits) -> None:
    """Limit this very process, and what it starts. A limit above what the process may have is lowered to that.

    Raises:
        LimitsUnknown: the system has no such limits.
    """
    wanted = limits.table()
    if not wanted:
        return
    try:
        import resource
    except ImportError as error:
        raise LimitsUnknown(limits) from error
    for name, value in wanted.items():
        kind = getattr(resource, name)
        most = resource.getrlimit(kind)[1]
        soft = value if most == resource.RLIM_INFINITY else min(value, most)
        # A second more of processor time before the kernel of the system ends it: the signal before that has a name.
        hard = soft + 1 if name == "RLIMIT_CPU" and most == resource.RLIM_INFINITY else soft
        resource.setrlimit(kind, (soft, hard))
