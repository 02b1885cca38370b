"""How many replicas of a command run: what grace.toml says, until `scale` says otherwise while the room is open.

A room that is opened anew runs what the file says. Where the file is saved with another number, the file counts.
"""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio
import msgspec

from grace_tui.kernel.errors import GraceError
from grace_tui.room.rereading import FILE
from grace_tui.settings import KernelSettings, Settings

if TYPE_CHECKING:
    from grace_tui.room.core import Room
    from grace_tui.runtime.supervisor.child import Child

NAMING = ("requires", "follows", "after")
"""Fields of a spec that name kernels."""


class NotScalable(GraceError):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} cannot be scaled: {reason}")
        self.name, self.reason = name, reason


class Replicas:
    def __init__(self, room: "Room") -> None:
        self.room = room
        self.lock = anyio.Lock()
        """Held while the number of a group changes."""
        self._counts: dict[str, tuple[int, int]] = {}
        """Group -> the file's number, and the one that was set instead."""

    def group_of(self, name: str) -> str:
        """The group that is meant by its own name or by a replica's.

        Raises:
            NotScalable: it is a kernel of a file, or a single program.
        """
        settings = self.room.settings
        if len(members(settings, name)) > 0:
            return name
        self.room.supervisor.child(name)
        kernel = settings.kernel(name)
        if kernel.command is None:
            raise NotScalable(name, "it is a kernel of a file, of which there is one")
        if not kernel.group:
            raise NotScalable(name, f"it is a single program; give it replicas = 2 or more in {FILE}")
        return kernel.group

    def over(self, settings: Settings) -> Settings:
        """What a file says, with the numbers that were set since."""
        for group, (of_file, count) in list(self._counts.items()):
            if len(members(settings, group)) == of_file:
                settings = scaled(settings, group, count)
            else:
                del self._counts[group]
        return settings

    def add(self, group: str, count: int) -> "list[Child]":
        """Begin replicas until there are `count`; returns the new ones."""
        before = members(self.room.settings, group)
        self._take(group, count)
        added = [name for name in members(self.room.settings, group) if name not in before]
        return [self.room.supervisor.add(name, FILE) for name in added]

    async def remove(self, group: str, count: int, by: str) -> list[str]:
        """Stop and forget the replicas of the highest numbers until there are `count`; returns their names.

        Raises:
            NotScalable: another kernel requires one of them by its name.
            GraceError: one does not end; those that ended are gone.
        """
        room = self.room
        surplus = members(room.settings, group)[count:]
        self._refuse_named(group, surplus)
        for name in reversed(surplus):
            # First out of the others' needs, so that none of them waits for one that does not come back.
            left = len(members(room.settings, group)) - 1
            self._take(group, left)
            try:
                await room.supervisor.remove(name, f"{group} was scaled to {count} by {by}")
            except BaseException:
                self._take(group, left + 1)
                raise
            room.family.gone(name, f"{name} was taken out: {group} was scaled to {count} by {by}")
        return list(surplus)

    def _take(self, group: str, count: int) -> None:
        room = self.room
        old = len(members(room.settings, group))
        of_file = self._counts.get(group, (old, old))[0]
        new = scaled(room.settings, group, count)
        changed = {name for name in new.kernels if new.kernel(name) != room.settings.kernel(name)}
        room.settings = new
        parts = room.supervisor.parts
        parts.settings = {name: kernel.options for name, kernel in new.kernels.items()}
        parts.overrides = {name: kernel.overrides for name, kernel in new.kernels.items()}
        for name in changed & room.supervisor.children.keys():
            _respell(room.supervisor.children[name], new.kernel(name).overrides)
        self._counts[group] = (of_file, count)
        if of_file == count:
            del self._counts[group]

    def _refuse_named(self, group: str, surplus: tuple[str, ...]) -> None:
        every = set(members(self.room.settings, group))
        for child in self.room.supervisor.children.values():
            named = every & {*child.spec.requires, *child.spec.after}
            if child.name not in every and named != every and (lost := named & set(surplus)):
                raise NotScalable(group, f"{child.name} requires {', '.join(sorted(lost))} by name")


def members(settings: Settings, group: str) -> tuple[str, ...]:
    """The replicas of a group in the order of their numbers; none where it is no group."""
    found = [name for name, kernel in settings.kernels.items() if kernel.group == group]
    return tuple(sorted(found, key=lambda name: int(name.rpartition("-")[2])))


def scaled(settings: Settings, group: str, count: int) -> Settings:
    """The settings with `count` replicas of a group; pure. Who names the whole group goes on to do so."""
    before = members(settings, group)
    after = tuple(f"{group}-{number}" for number in range(1, count + 1))
    kernels = dict(settings.kernels)
    for number, name in enumerate(after, start=1):
        if name in settings.kernels and name not in before:
            raise NotScalable(group, f"{name} is another kernel's name")
        kernels.setdefault(name, _numbered(settings.kernel(before[0]), number))
    for name in set(before) - set(after):
        del kernels[name]
    spread = {name: _spread(kernel, before, after) for name, kernel in kernels.items()}
    return msgspec.structs.replace(settings, kernels=spread)


def _numbered(kernel: KernelSettings, number: int) -> KernelSettings:
    command = kernel.command
    return dataclasses.replace(kernel, command=command and dataclasses.replace(command, replica=number))


def _spread(kernel: KernelSettings, before: tuple[str, ...], after: tuple[str, ...]) -> KernelSettings:
    overrides = dict(kernel.overrides)
    for key in NAMING:
        if set(before) <= set(named := overrides.get(key, ())):
            overrides[key] = (*(name for name in named if name not in before), *after)
    asked: Mapping[str, Any] = overrides.get("conditions", {})
    if set(before) <= set(asked):
        others = {name: condition for name, condition in asked.items() if name not in before}
        overrides["conditions"] = {**others, **dict.fromkeys(after, asked[before[0]])}
    return kernel if overrides == kernel.overrides else dataclasses.replace(kernel, overrides=overrides)


def _respell(child: "Child", overrides: Mapping[str, Any]) -> None:
    """Let a kernel that was loaded already know whom it requires now; the class was made for this load alone."""
    if child.code is not None:
        named = {key: overrides[key] for key in (*NAMING, "conditions") if key in overrides}
        child.code.kind.spec = dataclasses.replace(child.code.kind.spec, **named)
        child.poke()
