"""The command line: argv -> one verb -> an exit code. Nothing heavy is imported before the verb is known.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 the thing asked about is bad, 2 the call was wrong, 3 no room
is open. A GraceError is one line on stderr; any other exception is a defect and keeps its traceback.
"""

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from grace_tui import __version__
from grace_tui.cli.exits import INTERRUPTED, code_of
from grace_tui.kernel.errors import GraceError


def main() -> NoReturn:
    """The `grace-tui` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _reader_gone()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Carry out one call and return its exit code."""
    try:
        return _dispatch(arguments)
    except GraceError as error:
        print(f"grace-tui: {error}", file=sys.stderr)
        return code_of(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()


def _dispatch(arguments: Sequence[str]) -> int:
    if not arguments:
        from grace_tui.cli.opening import open_here

        return open_here()
    if list(arguments) in (["--version"], ["-V"]):
        print(f"grace-tui {__version__}")
        return 0
    from grace_tui.cli.group import call

    return call(arguments)


def _reader_gone() -> int:
    """Whoever read our output went away (`| head`): leave without a word, at the exit of the interpreter too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
