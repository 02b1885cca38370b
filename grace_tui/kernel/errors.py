"""The errors a kernel may meet. One base, so that the command line can print any of them without a traceback."""

from collections.abc import Mapping


class GraceError(Exception):
    """Something Grace understands went wrong; the text is fit for a person."""


class ProviderDown(GraceError):
    """A kernel was called through its handle while it was not running.

    The caller decides: wait for it, do without, or fail.
    """

    def __init__(self, consumer: str, provider: str, state: str) -> None:
        super().__init__(f"{consumer} called {provider}, which is {state}")
        self.consumer, self.provider, self.state = consumer, provider, state


class RemoteFailure(GraceError):
    """A failure in another process, as that process told it; `kind` and the text are the original's."""

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        described: Mapping[str, object] | None = None,
        printed: str = "",
        times: int = 1,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        """Type name of the original exception, or of the failure where there was none, such as `CommandExited`."""
        self.described = described
        """The failure as the healing library of that process described it, as plain data; None where nobody could."""
        self.printed = printed
        """The traceback as it was printed; empty where there was none."""
        self.times = times
        """How many such failures this one stands for: where they come too fast, not each of them is told."""


class NotReady(GraceError):
    """A readiness probe found that the kernel cannot do its work yet."""


class Denied(GraceError):
    """An access rule forbids the act; `rule` names the rule that decided."""

    def __init__(self, who: str, act: str, rule: str) -> None:
        super().__init__(f"{who} may not {act}: {rule}")
        self.who, self.act, self.rule = who, act, rule


class NoReply(GraceError):
    """A request on the bus was not answered in time."""

    def __init__(self, topic: str, seconds: float) -> None:
        super().__init__(f"nobody answered {topic} within {seconds:g} s")
        self.topic, self.seconds = topic, seconds


class LoopBlocked(GraceError):
    """A kernel held the supervisor's loop; `place` says where."""

    place = ""

    def __init__(self, place: str = "") -> None:
        self.place = place or self.place  # raised in a kernel it is made without arguments, from a class that knows
        super().__init__(f"the supervisor loop was held {f'at {self.place}' if self.place else 'outside the kernels'}")


class LoopAbandoned(GraceError):
    """What belongs to a loop that was given up writes nothing any more: another loop has its place."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} belongs to a loop that was given up")


class LoopBroken(BaseException):
    """Raised inside a kernel that holds the supervisor's loop, so that it lets go.

    No `Exception`: a kernel that spins round an `except Exception` must let go too. It ends at the supervisor's crash
    boundary, or at the handle through which the kernel was called.
    """

    place = ""

    def __str__(self) -> str:
        return f"the supervisor loop was held at {self.place}"
