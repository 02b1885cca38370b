"""Loaded by Python itself at the start of a program whose PYTHONPATH begins with this folder; see `grace_hook`.

It steps aside: the folder leaves `sys.path` again, and the `sitecustomize` that would have been loaded without it is.
"""

import os
import sys


def _start(folder: str) -> None:
    try:
        __import__("grace_hook").start(folder)  # of this folder, which is on the path just now
    except BaseException as error:  # the program comes first, whatever is wrong here
        try:
            with open(os.path.join(folder, f"{os.getpid()}-hook-error.txt"), "a") as file:
                file.write(f"sitecustomize: {type(error).__name__}: {error}\n")
        except OSError:
            pass  # nowhere to tell it


def _chain(here: str) -> None:
    sys.path[:] = [entry for entry in sys.path if entry != here]
    own = sys.modules.pop("sitecustomize", None)
    try:
        __import__("sitecustomize")  # the next one on the path
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        if own is not None:
            sys.modules.setdefault("sitecustomize", own)  # whoever imports a module must find one there


if __name__ == "sitecustomize":
    _evidence = os.environ.get("GRACE_EVIDENCE")
    if _evidence:
        _start(_evidence)
    _chain(os.path.dirname(os.path.abspath(__file__)))
