"""Imports modules of a tree on trial, each in a process of its own, and tells what became of each.

The work is done by `server`, which runs confined, in the Python of the tree; here is its other end.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grace_tui.healing.repair.heal.seen import Seen
from grace_tui.healing.repair.preflight.modules import Module
from grace_tui.healing.repair.process import Limits
from grace_tui.healing.repair.recorded import HOOK, recorded
from grace_tui.healing.repair.translation import moved_text
from grace_tui.healing.repair.trial import Trial

SERVER = Path(__file__).with_name("server.py")
LOOK = 0.1
START = 90.0
"""Seconds for what is loaded before any module."""
AGAIN = 8
"""Times that a check goes on after a module has ended all of it."""
MEMORY = 8 << 30

Key = tuple[str, str]
"""(folder of the search path, dotted name): what a module is known by."""
Heard = Callable[[int], None]
"""Told how many modules are done."""


def _nobody(count: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Outcome:
    """What became of the import of one module."""

    module: Module
    ended: str
    """imported, raised, exited, too long, died, or unseen."""
    seen: Seen | None = None
    ran: frozenset[str] = frozenset()
    """Files of the tree that ran."""
    missed: frozenset[str] = frozenset()
    """Modules that were asked for and not found, whether or not that mattered."""
    said: str = ""
    seconds: float = 0.0
    through: str = ""
    """The package whose own failure this is."""

    @property
    def ok(self) -> bool:
        return self.ended == "imported"

    @property
    def cause(self) -> tuple[str, ...]:
        """What two modules share that fail of one thing; empty where it did not fail."""
        if self.ok:
            return ()
        if self.seen is None:
            return (self.ended, self.through or self.module.path)
        own = [frame for frame in self.seen.failure.frames if frame.in_project]
        if self.seen.failure.kind in BY_FILE and own:
            return (*self.seen.cause, own[-1].file)
        return self.seen.cause


UNREADABLE = frozenset({"SyntaxError", "IndentationError", "TabError"})
BY_FILE = UNREADABLE | {"NameError", "UnboundLocalError"}
"""Kinds of failures that are of the file they happen in, whatever they say."""


@dataclass
class Survey:
    """Checks one tree on trial, as it is when each check begins."""

    trial: Trial
    python: str
    jobs: int
    timeout: float
    """Seconds that the import of one module may take."""
    files: Sequence[str]
    """Every source of the tree, with what edits add."""
    preload: Sequence[str] = ()
    version: tuple[int, ...] = ()
    """Of the Python that ran."""
    imports: int = 0
    """Modules that were imported so far, each time they were."""

    async def run(self, modules: Sequence[Module], bases: Sequence[str], heard: Heard = _nobody) -> dict[Key, Outcome]:
        """Import these modules; `bases` are the folders that imports start from besides a module's own."""
        found: dict[Key, Outcome] = {}
        left = list(modules)
        for _ in range(AGAIN):
            if not left:
                break
            began = await self._once(left, bases, found, heard)
            left = [module for module in left if key_of(module) not in found]
            suspects = [module for module in left if key_of(module) in began] or left[:1]
            for module in suspects:
                # One of them has ended the whole check: it does so again when it is alone.
                if len(suspects) > 1:
                    await self._once([module], bases, found, heard)
                found.setdefault(key_of(module), Outcome(module, "died", said="it ended every process of the check"))
            left = [module for module in left if key_of(module) not in found]
        found.update({key_of(module): Outcome(module, "unseen") for module in left})
        return found

    async def _once(
        self, modules: Sequence[Module], bases: Sequence[str], found: dict[Key, Outcome], heard: Heard
    ) -> set[Key]:
        """Have the server import all of them; returns what it had begun and not ended."""
        results = Path(await asyncio.to_thread(self._ready))
        reader = _Reader(results, modules, self.files, self.trial.root, lambda count: heard(len(found) + count))
        limits = Limits(None, MEMORY, None, START + self.timeout * (4 + len(modules) / self.jobs), 5, network=False)
        work = asyncio.create_task(
            self.trial.run(
                [self.python, str(SERVER)],
                env={"GRACE_ROOT": str(self.trial.root), "PYTHONDONTWRITEBYTECODE": ""},
                limits=limits,
                stdin=json.dumps(self._job(reader, bases)).encode(),
            )
        )
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=LOOK)
                await asyncio.to_thread(reader.more)
        finally:
            work.cancel()
            await asyncio.wait({work})
        completed = work.result().completed
        await asyncio.to_thread(reader.more)
        if not reader.began:
            said = "it took too long to begin" if completed.timed_out else completed.last_line
            raise NoServer(self.python, said)
        self.version = reader.version
        found.update(reader.found)
        self.imports += len(reader.found)
        return reader.began - reader.found.keys()

    def _job(self, reader: "_Reader", bases: Sequence[str]) -> dict[str, object]:
        groups = [
            {"path": [base, *(other for other in bases if other != base)], "modules": nested(members)}
            for base, members in reader.groups.items()
        ]
        return {
            "hook": str(HOOK),
            "results": str(reader.results),
            "timeout": self.timeout,
            "jobs": self.jobs,
            "files": reader.files,
            "groups": groups,
            "preload": list(self.preload),
            "pycache": str(self.trial.shared / "pycache"),
        }

    def _ready(self) -> str:
        """A file for the results. What was compiled of a file that has edits may be of other edits: it goes."""
        place = self.trial.shared / "pycache"
        for path in self.trial.edits:
            file = self.trial.root / path
            for compiled in (place / file.parent.relative_to("/")).glob(f"{file.stem}.*.pyc"):
                compiled.unlink()
        handle, name = tempfile.mkstemp(prefix="results-", dir=self.trial.shared)
        os.close(handle)
        return name


class NoServer(Exception):
    """The Python of the tree could not be run."""

    def __init__(self, python: str, said: str) -> None:
        super().__init__(f"{python} could not be run: {said}")


def key_of(module: Module) -> Key:
    return module.base, module.name


def nested(modules: Sequence[Module]) -> list[object]:
    """[name, members] of each top module: members of a package are those below it, by the nearest package."""
    packages = {module.name: [module.name, []] for module in modules if module.package}
    tops: list[object] = []
    for module in sorted(modules, key=lambda module: module.name):
        entry = packages.get(module.name, [module.name, []])
        above = module.name.rpartition(".")[0]
        while above and above not in packages:
            above = above.rpartition(".")[0]
        siblings: Any = packages[above][1] if above else tops
        siblings.append(entry)
    return tops


class _Reader:
    """Reads results as they come."""

    def __init__(
        self, results: Path, modules: Sequence[Module], files: Sequence[str], root: Path, heard: Heard
    ) -> None:
        self.results, self.files, self.root, self.heard = results, files, root, heard
        self.groups: dict[str, list[Module]] = {}
        for module in modules:
            self.groups.setdefault(module.base, []).append(module)
        self.found: dict[Key, Outcome] = {}
        self.began: set[Key] = set()
        self._modules = {key_of(module): module for module in modules}
        self._members: dict[Key, list[Key]] = {}
        for key, module in self._modules.items():
            if module.package:
                start = f"{module.name}."
                self._members[key] = [
                    other for other in self._modules if other[0] == key[0] and other[1].startswith(start)
                ]
        self.version: tuple[int, ...] = ()
        self._read = 0
        self._there = str(root)
        """What the root is called in the results."""

    def more(self) -> None:
        with self.results.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        for line in whole.splitlines():
            self._line(line)
        if whole:
            self.heard(len(self.found))

    def _line(self, line: bytes) -> None:
        plain = json.loads(line)
        if "root" in plain:
            self._there, self.version = plain["root"], tuple(plain["version"])
            return
        if self._there != str(self.root):
            plain = json.loads(moved_text(line.decode(), Path(self._there), self.root))
        key = (list(self.groups)[plain["group"]], plain.get("began") or plain["module"])
        if "began" in plain:
            self.began.add(key)
            return
        outcome = self._outcome(self._modules[key], plain)
        self.found[key] = outcome
        if not outcome.ok:
            for member in self._members.get(key, ()):
                self.found[member] = replace(outcome, module=self._modules[member], through=key[1], seconds=0.0)

    def _outcome(self, module: Module, plain: Mapping[str, Any]) -> Outcome:
        failures = [recorded(each, self.root) for each in plain.get("failures", ())]
        told = next((each for each in failures if each.fatal), None)
        seen = None
        if told is not None:
            seen = Seen(told.failure, path=told.process.path, python=told.process.python)
        ran = frozenset(self.files[at] for at in plain["ran"])
        return Outcome(
            module,
            plain["ended"],
            seen,
            ran,
            frozenset(plain["missed"]),
            _said(plain),
            plain.get("seconds", 0.0),
        )


def _said(plain: Mapping[str, Any]) -> str:
    """How it ended, where no exception tells."""
    code, said = plain.get("code"), str(plain.get("said", ""))
    if plain["ended"] == "exited":
        return f"it calls sys.exit({code})"
    if plain["ended"] == "too long":
        place = next((line.strip() for line in said.splitlines() if line.strip().startswith("File ")), "")
        return f"its import does not end; at last it was in {place}" if place else "its import does not end"
    if plain["ended"] == "died":
        last = said.splitlines()[-1] if said else ""
        how = f"killed by signal {-code}" if isinstance(code, int) and code < 0 else f"ended with exit code {code}"
        return (
            f"its process was {how}: {last}"
            if "killed" in how
            else f"its process {how}" + (f": {last}" if last else "")
        )
    return ""
