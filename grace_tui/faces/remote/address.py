"""Names a Unix socket, however long the path of its workspace is. Used by both ends; stdlib only."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from grace_tui.kernel.errors import GraceError

LONGEST: Final = 107 if sys.platform == "linux" else 103
"""Bytes in the address of a Unix socket, without its closing zero."""


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name of `path` that fits a socket's address, good while the context lasts.

    A longer path is named through a descriptor of its folder, which needs no change of the working folder.

    Raises:
        GraceError: it does not fit, and the system has no /proc.
        OSError: the folder cannot be opened.
    """
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    if not os.path.isdir("/proc/self/fd"):
        raise GraceError(f"{path} has {len(os.fsencode(path))} bytes; a socket's path here may have {LONGEST}")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
