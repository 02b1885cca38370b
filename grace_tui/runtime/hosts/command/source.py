"""From a command of the settings to the kernel class that speaks for it."""

import dataclasses
import hashlib
from pathlib import Path

import msgspec

from grace_tui.kernel.redact import redact, redact_value
from grace_tui.kernel.spec import KernelSpec
from grace_tui.runtime.hosts.command.kernel import STOP_MARGIN, CommandKernel
from grace_tui.runtime.hosts.command.launch import command_line
from grace_tui.runtime.hosts.command.program import Turns
from grace_tui.runtime.hosts.command.scheduled import ScheduledKernel
from grace_tui.runtime.hosts.command.spec import Check, CommandSpec
from grace_tui.runtime.reload.loader import LoadedKernel

SHOWN = 100
"""Characters of the command line that are shown."""


class CommandSource:
    """One command; `turns` limits the worker threads that all commands of a room use at a time."""

    isolation = "command"
    moved = ""

    def __init__(self, command: CommandSpec, root: Path, turns: Turns) -> None:
        self.command, self.root, self.turns = numbered(command), root, turns

    async def load(self, name: str) -> LoadedKernel:
        command = self.command
        kind = CommandKernel if command.schedule is None else ScheduledKernel
        doc = shown(command.argv)
        spec = KernelSpec(stop_timeout=command.stop_timeout + STOP_MARGIN)
        members = {"spec": spec, "command": command, "root": self.root, "turns": self.turns, "__doc__": doc}
        digest = hashlib.sha256(msgspec.json.encode(command, order="deterministic")).hexdigest()
        return LoadedKernel(type(name, (kind,), members), digest[:8], doc, frozenset())


def numbered(command: CommandSpec) -> CommandSpec:
    """The command with its replica's number in the place of every `{replica}`."""

    def put(text: str) -> str:
        return text.replace("{replica}", str(command.replica))

    def put_check(check: Check | None) -> Check | None:
        if check is None:
            return None
        target = check.target
        return dataclasses.replace(check, target=put(target) if isinstance(target, str) else tuple(map(put, target)))

    return dataclasses.replace(
        command,
        argv=tuple(map(put, command.argv)),
        cwd=put(command.cwd),
        env={name: put(value) for name, value in command.env.items()},
        env_files=tuple(map(put, command.env_files)),
        ready=put_check(command.ready),
        alive=put_check(command.alive),
    )


def shown(argv: tuple[str, ...]) -> str:
    """The command line for people: shortened, and without its secrets."""
    words: list[str] = []
    for before, word in zip(("", *argv), argv, strict=False):
        # `--password hunter2`: what follows an option with such a name is a secret.
        hidden = redact_value({before: word}) if before.startswith("-") else {before: word}
        words.append(str(hidden[before]) if isinstance(hidden, dict) else word)
    line = redact(command_line(words))
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
