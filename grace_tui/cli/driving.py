"""Carries out an act on one kernel or several, and waits until it is done. Called by the `kernel` verbs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from grace_tui.cli.asking import Answer, question, show_json
from grace_tui.cli.exits import BAD, DONE, NO_ROOM, WRONG, Ended
from grace_tui.cli.opening import talk
from grace_tui.cli.text import clean
from grace_tui.kernel.errors import NoReply
from grace_tui.workspace import Workspace

GOALS = {"start": "running", "restart": "running", "resume": "running", "stop": "stopped"}
"""What an act waits for; pausing is done when it is answered."""
TURN = 5
"""Seconds the room is asked to wait at once."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to wait until an act is done."""

    seconds: ClassVar[float] = 60.0
    limit: float


def names_and_wait(names: Sequence[str], wait: str | None) -> tuple[list[str], Wait | None]:
    """Tell `--wait 5` from `--wait web`: what stands after it and is no number is a kernel's name.

    Raises:
        Ended: no kernel is named, or the number makes no sense (exit code 2).
    """
    kernels, patience = list(names), None if wait is None else Wait(Wait.seconds)
    if wait is not None:
        try:
            patience = Wait(float(wait))
        except ValueError:
            kernels.insert(0, wait)
    if patience is not None and not 0 <= patience.limit <= 86400:
        raise Ended(f"--wait {wait}: expected seconds from 0 to 86400", WRONG)
    if not kernels:
        raise Ended("say which kernel; `grace-tui kernel list` has their names", WRONG)
    return kernels, patience


def drive(
    workspace: Workspace, verb: str, kernels: Sequence[str], reason: str, wait: Wait | None, as_json: bool
) -> int:
    """Act on each kernel, then wait for all; one that refuses keeps no other from its act."""
    deadline = time.monotonic() + (wait.limit if wait else 0.0)
    results = [_act(workspace, verb, name, reason) for name in kernels]
    if wait is not None and verb in GOALS:
        results = [_awaited(workspace, result, GOALS[verb], deadline) for result in results]
    ok = all(result.ok for result in results)
    if as_json:
        plain = [{"kernel": found.name, "act": verb, "ok": found.ok, "text": found.text} for found in results]
        show_json(plain[0] if len(plain) == 1 else plain)
    else:
        for found in results:
            talk("\n".join(clean(f"{'' if found.ok else 'grace-tui: '}{line}") for line in found.text.splitlines()))
    return DONE if ok else BAD


@dataclass(frozen=True, slots=True)
class _Result:
    name: str
    ok: bool
    text: str


def _act(workspace: Workspace, verb: str, name: str, reason: str) -> _Result:
    answer = question(workspace, f"kernel.{verb}", timeout=60.0, name=name, reason=reason)
    return _Result(name, answer.ok, answer.text or f"kernel.{verb} failed")


def _awaited(workspace: Workspace, result: _Result, goal: str, deadline: float) -> _Result:
    """The result once the goal is reached, or what is in its way."""
    while result.ok:
        late = time.monotonic() >= deadline
        within = max(1, min(TURN, round(deadline - time.monotonic())))
        try:
            answer = question(workspace, "kernel.wait", within + 20.0, name=result.name, until=goal, within=within)
        except NoReply as error:
            answer = Answer(ok=False, text=str(error))
        except Ended as error:
            if error.code != NO_ROOM or goal != "stopped":
                raise
            return _Result(result.name, True, f"{result.name} is stopped, with its room")
        if answer.ok:
            return _Result(result.name, True, f"{result.name} is {goal}")
        if late or answer.data.get("over"):
            return _Result(result.name, False, answer.text)
    return result
