"""What has no code of the workspace in it goes to a person, with the reason; everything else may be repaired."""

from dataclasses import replace

import pytest

import grace_tui.runtime.supervisor.body as body
from grace_tui.healing.failure import Callee, Failure, Frame
from grace_tui.healing.ours import not_ours

BARE = Failure("web", "run", "CommandExited", "exit code 3", frames=())
OWN = Frame("kernels/web.py", True, "Web.run", 3)
LIBRARY = Frame("/usr/lib/python3/json/decoder.py", False, "decode", 9)
NOTICED = Frame(body.__file__, False, "_serve", 90)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (BARE, "nothing to repair from: CommandExited came without a traceback"),
        (
            replace(BARE, kind="StartTimeout", frames=(NOTICED,)),
            "nothing to repair from: the supervisor noticed StartTimeout; no code of the workspace raised it",
        ),
        (replace(BARE, frames=(LIBRARY,)), f"not ours to repair: it failed outside the workspace, in {LIBRARY.file}"),
    ],
)
def test_a_failure_without_own_code_says_why_nobody_repairs_it(failure: Failure, reason: str) -> None:
    assert not_ours(failure) == reason


@pytest.mark.parametrize(
    "failure",
    [
        replace(BARE, frames=(OWN, LIBRARY)),
        replace(BARE, frames=(LIBRARY,), callee=Callee("Log.append", "kernels/log.py", 4, "(self)")),
        replace(BARE, frames=(LIBRARY,), missing=("kernels.models", "session", "kernels/models/__init__.py")),
        replace(BARE, phase="trigger", kind="DriftSeen"),
    ],
)
def test_a_failure_with_own_code_or_of_a_trigger_may_be_repaired(failure: Failure) -> None:
    assert not_ours(failure) == ""
