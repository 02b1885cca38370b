"""The names of kernels in the settings: which there are, whom one may require, and what a group of replicas means."""

import dataclasses
import difflib
import graphlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from grace_tui.kernel.spelling import nearest
from grace_tui.settings.errors import Complaints
from grace_tui.settings.kernels import CommandTable, KernelSettings, KernelTable

_NAME = re.compile(r"^[a-z][a-z0-9_-]{0,62}$")


@dataclasses.dataclass(frozen=True, slots=True)
class KernelNames:
    """The kernels that a workspace has besides its settings."""

    files: frozenset[str]
    """Those with a file or a folder in `kernels/`."""
    known: frozenset[str]
    """Those that ran before; the file of one may be missing, which the room shows."""

    @classmethod
    def of(cls, root: Path) -> "KernelNames":
        return cls(frozenset(_files(root / "kernels")), frozenset(_known(root / ".grace" / "kernels.json")))

    def check(self, name: str, table: Mapping[str, Any], complaints: Complaints) -> None:
        """Refuse a table whose name cannot be a kernel's, or that meant to be a command's."""
        at = ("kernels", name)
        if name in self.files:
            if "command" in table:
                problem = f"kernels.{name}.command: {name} is a file in kernels/ already; give the command another name"
                complaints.refuse((*at, "command"), table["command"], problem)
            return
        if not _NAME.match(name):
            complaints.refuse(at, name, f"kernels.{name}: a kernel's name is a to z, 0 to 9, _ and -, a letter first")
        if "command" not in table and name not in self.known:
            self._refuse_lost_command(name, table, complaints)

    def _refuse_lost_command(self, name: str, table: Mapping[str, Any], complaints: Complaints) -> None:
        """A table without file and command may be a command with a slip of the pen: it must not pass in silence."""
        everyones = {field.name for field in msgspec.structs.fields(KernelTable)}
        commands = [field.name for field in msgspec.structs.fields(CommandTable) if field.name not in everyones]
        for key in table:
            at = ("kernels", name, key)
            if key in commands:
                complaints.refuse(at, table[key], f"kernels.{name}.{key} is for commands, and {name} has no command")
            if difflib.get_close_matches(key, ["command"], cutoff=0.8):
                complaints.unknown(at, ["command"])


def settle_names(
    tables: Mapping[str, tuple[KernelSettings, int]], names: KernelNames, complaints: Complaints
) -> dict[str, KernelSettings]:
    """Put each group's replicas in its place, and check that everybody named is there."""
    groups = {name: _replicas(name, count) for name, (_, count) in tables.items()}
    _refuse_clashes(groups, names, complaints)
    settled = {}
    for name, (settings, _) in tables.items():
        members = groups[name]
        _check_named(name, settings, {*names.files, *names.known, *groups, *_all(groups)}, complaints)
        for number, member in enumerate(members, start=1):
            settled[member] = _member(settings, name, number, groups) if len(members) > 1 else _spread(settings, groups)
    _refuse_endless_waits(settled, complaints)
    _refuse_cycles(settled, complaints)
    return settled


def _replicas(name: str, count: int) -> tuple[str, ...]:
    return (name,) if count == 1 else tuple(f"{name}-{number}" for number in range(1, count + 1))


def _all(groups: Mapping[str, Iterable[str]]) -> set[str]:
    return {member for members in groups.values() for member in members}


def _refuse_clashes(groups: Mapping[str, tuple[str, ...]], names: KernelNames, complaints: Complaints) -> None:
    for name, members in groups.items():
        for taken in sorted(set(members) & ({*groups, *names.files} - {name})):
            at = ("kernels", name, "replicas")
            complaints.refuse(
                at, len(members), f"kernels.{name}.replicas makes {taken}, which is another kernel's name"
            )


def _check_named(name: str, settings: KernelSettings, known: set[str], complaints: Complaints) -> None:
    for key in ("requires", "follows", "after"):
        for other in settings.overrides.get(key, ()):
            at = ("kernels", name, key)
            if other == name:
                complaints.refuse(at, other, f"kernels.{name}.{key} names itself")
            if other not in known:
                right = nearest(other, sorted(known - {name}))
                complaints.refuse(at, other, f'kernels.{name}.{key} names "{other}", which is no kernel here; {right}')


def _member(settings: KernelSettings, group: str, number: int, groups: Mapping[str, tuple[str, ...]]) -> KernelSettings:
    spread = _spread(settings, groups)
    command = None if spread.command is None else dataclasses.replace(spread.command, replica=number)
    return dataclasses.replace(spread, command=command, group=group)


def _spread(settings: KernelSettings, groups: Mapping[str, tuple[str, ...]]) -> KernelSettings:
    """Let the name of a group stand for all its replicas."""
    overrides = dict(settings.overrides)
    for key in ("requires", "follows", "after"):
        if key in overrides:
            overrides[key] = tuple(member for name in overrides[key] for member in groups.get(name, (name,)))
    if "conditions" in overrides:
        asked = overrides["conditions"].items()
        overrides["conditions"] = {member: said for name, said in asked for member in groups.get(name, (name,))}
    return dataclasses.replace(settings, overrides=overrides)


def _refuse_endless_waits(settled: Mapping[str, KernelSettings], complaints: Complaints) -> None:
    """A command that is started again whenever it ends never completes."""
    for name, settings in settled.items():
        for other, condition in settings.overrides.get("conditions", {}).items():
            awaited = settled.get(other)
            if condition != "completed" or awaited is None or awaited.command is None:
                continue
            endless = awaited.overrides.get("restart", "permanent") == "permanent"
            if endless or awaited.command.schedule is not None:
                at = ("kernels", settings.group or name, "requires")
                advice = 'set restart = "transient" there' if endless else "it runs on a schedule"
                problem = f"waits for {other} to complete, which kernels.{awaited.group or other} never does; {advice}"
                complaints.refuse(at, other, f"{'.'.join(at)} {problem}")


def _refuse_cycles(settled: Mapping[str, KernelSettings], complaints: Complaints) -> None:
    """Kernels that require one another would wait for ever. What files say of themselves is not known here."""
    graph = {name: settings.overrides.get("requires", ()) for name, settings in settled.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        # Each name in the error is required by the next: read backwards, each requires the next.
        cycle = list(reversed(error.args[1]))
        name = settled[cycle[0]].group or cycle[0]
        at = ("kernels", name, "requires")
        complaints.refuse(at, cycle, f"kernels.{name}.requires goes in a circle: {' requires '.join(cycle)}")


def _files(folder: Path) -> Iterable[str]:
    if folder.is_dir():
        for entry in folder.iterdir():
            if not entry.name.startswith((".", "_")) and (entry.suffix == ".py" or _is_kernel(entry / "__init__.py")):
                yield entry.name.removesuffix(".py")


def _is_kernel(file: Path) -> bool:
    """A folder may also hold what kernels share."""
    return file.is_file() and b"(Kernel)" in file.read_bytes()


def _known(file: Path) -> Iterable[str]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):  # none yet; one that cannot be read is started afresh by the room
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
