"""What can go wrong with a program, in words fit for a person: it cannot be started, it ended, it does not answer."""

from grace_tui.kernel.errors import GraceError, RemoteFailure
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.process.exits import Exit, words


class CommandUnusable(GraceError):
    """A program cannot be started as the settings describe it."""


class CommandExited(RemoteFailure):
    """A program ended although it should not have, or not so."""

    def __init__(self, kernel: str, code: int, limits: Limits, note: str = "") -> None:
        self.reason = words(Exit(code), limits) + (f"; {note}" if note else "")
        super().__init__("CommandExited", self.reason)
        self.kernel = kernel
        self.code = code
        """Exit code; negative: the signal that killed it."""


class CommandBroke(RemoteFailure):
    """A program ended by an exception that it printed: that is the failure."""

    def __init__(self, printed: RemoteFailure, code: int) -> None:
        super().__init__(printed.kind, str(printed), printed=printed.printed)
        self.code = code


class CommandUnhealthy(GraceError):
    """A program runs and does not answer as it should."""

    def __init__(self, kernel: str, answer: str, times: int) -> None:
        often = f", {times} times in a row" if times > 1 else ""
        super().__init__(f"{kernel} is not healthy: {answer}{often}")
        self.kernel, self.answer = kernel, answer


class CommandLeft(GraceError):
    """Processes of a program outlived SIGKILL, and are left behind."""
