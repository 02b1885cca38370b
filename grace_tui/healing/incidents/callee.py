"""Who refused a call, as a `Callee`: what `healing/hook` sees in the live frames, with files as the root has them.

Called by capture on the supervisor's loop. Only names, attributes and constants are looked up; nothing is called.
"""

from pathlib import Path
from typing import Any

from grace_tui.healing.failure import Callee
from grace_tui.healing.hook.grace_hook import calls
from grace_tui.healing.incidents.evidence.values import Walker
from grace_tui.healing.incidents.evidence.wording import worded
from grace_tui.healing.incidents.places import place


def refused_by(error: BaseException, root: Path) -> Callee | None:
    """Find the callee of the call that `error`, a TypeError about arguments, is about."""
    plain = calls.refused_by(error, lambda file: place(file, root)[1], _default)
    return None if plain is None else callee_from(plain, root)


def callee_from(plain: dict[str, Any], root: Path) -> Callee:
    return Callee(
        plain["qualname"],
        place(plain["file"], root)[0],
        plain["line"],
        plain["signature"],
        plain["arguments"],
        tuple(plain["positional"]),
    )


def _default(value: object, parameter: str) -> str:
    return worded(Walker().note(value, parameter))
