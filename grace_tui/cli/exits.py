"""What the exit codes mean, and the error that carries one."""

from grace_tui.kernel.errors import GraceError

DONE, BAD, WRONG, NO_ROOM = range(4)
INTERRUPTED = 130


class Ended(GraceError):
    """A verb ended early, with this exit code."""

    def __init__(self, text: str, code: int = BAD) -> None:
        super().__init__(text)
        self.code = code


def code_of(error: GraceError) -> int:
    """The exit code of an error: settings and folders that cannot be used make a wrong call."""
    from grace_tui.settings import SettingsError
    from grace_tui.workspace import WorkspaceError

    if isinstance(error, Ended):
        return error.code
    return WRONG if isinstance(error, SettingsError | WorkspaceError) else BAD
