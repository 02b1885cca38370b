"""Records the failures of the program it was loaded into as files in the folder `$GRACE_EVIDENCE`.

A failure is described while its frames and objects are alive: `PID-N.json` has the fields of `healing.failure.Failure`
with absolute file names, and `process`, which says of what program. `PID-tests.json` has the outcome of each test,
`PID-modules.json` the files of `$GRACE_ROOT` that were imported.

Its law: the program never notices. What goes wrong here ends in `PID-hook-error.txt`; output, exit code and the
objects that the program sees stay as they are. Nothing but `sys` and `os` is imported before something fails.
"""

from __future__ import annotations


def start(folder: str) -> None:
    """Watch this program from now on; called by `sitecustomize` before anything of the program's own runs."""
    from .catching import watch

    watch(folder)
