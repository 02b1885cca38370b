"""What the recognisers of every family share."""

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.patch import Refused

NOT_MINE = Refused("", "another kind of failure")
"""A recogniser's answer to a failure that is not of its kind."""


def consumers(failure: Failure, provider: str) -> tuple[str, ...]:
    """In-project files of the traceback that are not the provider."""
    return tuple(path for path in failure.consumers if path != provider)
