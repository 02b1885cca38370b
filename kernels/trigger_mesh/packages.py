"""What the room and its programs stand on: installed packages, this Python, and the programs they call."""

import platform
import shlex
import shutil
import sys
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread

from grace_tui.healing.triggers import MeasureSpec, Parameter, Reading, Rule
from grace_tui.healing.triggers.versions import regressions, replaced, unmet
from kernels.trigger_mesh.measure import Measure, some

NO_SUCH = "grace-drill-no-such-program"


class Dependencies(Measure):
    """Against the packages that were accepted, and what `pyproject.toml` of the workspace asks for."""

    spec = MeasureSpec(
        "dependencies", "packages that are gone, older than accepted, or not what is asked for", "packages"
    )

    async def start(self) -> None:
        await anyio.to_thread.run_sync(self._begin)

    async def read(self) -> Sequence[Reading]:
        found = await anyio.to_thread.run_sync(self._found)
        return [Reading(float(len(found)), some(found) or "as accepted", facts={"packages": found})]

    async def accept(self) -> str:
        now = await anyio.to_thread.run_sync(self.inputs.installed.read)
        await anyio.to_thread.run_sync(self.inputs.baselines.put, self.rule, dict(now))
        return f"{len(now)} packages as they are installed now"

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            now = await anyio.to_thread.run_sync(inputs.installed.read)
            newer = {name: f"{version}.99" for name, version in [*now.items()][: int(rule.threshold) + 1]}
            inputs.baselines.put(self.rule, {**now, **newer})
            yield self.again(inputs)

    def _begin(self) -> None:
        if self.inputs.baselines.get(self.rule) is None:
            self.inputs.baselines.put(self.rule, dict(self.inputs.installed.read()))

    def _found(self) -> list[str]:
        now, accepted = self.inputs.installed.read(), self.inputs.baselines.get(self.rule) or {}
        older = regressions(accepted, now)
        if not older and now != accepted:  # newer or additional ones are taken as good
            self.inputs.baselines.put(self.rule, dict(now))
        return [*older, *unmet(self.inputs.root, now, platform.python_version())]


class Replaced(Measure):
    """Their new code is on disk, their old code may run."""

    spec = MeasureSpec("packages_replaced", "packages replaced under the running room", "packages")

    async def start(self) -> None:
        self.began = await anyio.to_thread.run_sync(self.inputs.installed.read)

    async def read(self) -> Sequence[Reading]:
        found = replaced(self.began, await anyio.to_thread.run_sync(self.inputs.installed.read))
        return [Reading(float(len(found)), some(found), facts={"packages": found})]


class MissingBinaries(Measure):
    spec = MeasureSpec(
        "missing_binaries",
        "programs that the workspace needs and that are not there",
        "programs",
        {"programs": Parameter(("git", "ruff", "ty", "pytest"), "Needed besides the commands of grace.toml.")},
    )

    async def read(self) -> Sequence[Reading]:
        missing = await anyio.to_thread.run_sync(self._missing)
        found = [Reading(1.0, text, name, kernel, facts={"program": name}) for name, (kernel, text) in missing.items()]
        return found or [Reading(0.0, "all are there")]

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            yield self.again(inputs, programs=[NO_SUCH])

    def _missing(self) -> dict[str, tuple[str, str]]:
        """Program -> the kernel that needs it, and who asks for it in words."""
        root = self.inputs.root
        wanted = {name: ("", f"{name} is not on PATH") for name in self.parameters["programs"]}
        for kernel, (program, cwd) in commands(root).items():
            wanted[program] = (kernel, f"{program}, the command of {kernel}, is not there")
            if "/" in program and (root / cwd / program).exists():
                del wanted[program]
        return {name: why for name, why in wanted.items() if not is_there(name)}


def is_there(program: str) -> bool:
    """On PATH, or beside this Python, where its own tools are."""
    return shutil.which(program) is not None or (Path(sys.executable).parent / program).exists()


def commands(root: Path) -> dict[str, tuple[str, str]]:
    """Kernel -> program and folder of each command in grace.toml; the settings' reader tells what is wrong there."""
    try:
        kernels = tomllib.loads((root / "grace.toml").read_text(encoding="utf-8")).get("kernels", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    found = {}
    for name, table in kernels.items() if isinstance(kernels, dict) else ():
        if isinstance(table, dict) and (words := _words(table)):
            found[name] = (words[0], str(table.get("cwd", ".")))
    return found


def _words(table: Mapping[str, Any]) -> list[str]:
    command = table.get("command", [])
    try:
        words = shlex.split(command) if isinstance(command, str) else command
    except ValueError:
        return []
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else []
