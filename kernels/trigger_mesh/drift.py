"""Settings, policies and secrets that are not what was last accepted."""

import stat
import subprocess
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import anyio.to_thread

from grace_tui.disk import file_digest
from grace_tui.healing.triggers import MeasureSpec, Parameter, Reading, Rule
from grace_tui.healing.triggers.integrity import fitting
from grace_tui.kernel.spelling import plural
from kernels.trigger_mesh.measure import Measure, some

GIT_SECONDS = 5.0
SECRET_ACTS = ("secret.put", "secret.rotate", "secret.delete")
STORE = "secrets/store.json"
PRIVATE = ("secrets/*", "api-token", "*key*")
"""Files of the state folder that nobody else may read."""
KEPT = ("secrets/key", STORE)


class ConfigDrift(Measure):
    """Known good is what was accepted, what the room saw change while it was open, and what git has as committed."""

    spec = MeasureSpec(
        "config_drift",
        "settings and policy files changed unseen",
        "files",
        {"files": Parameter(("grace.toml", "policies/**", "playbooks/**"), "Files of the workspace.")},
    )

    async def start(self) -> None:
        await anyio.to_thread.run_sync(self._begin)

    async def read(self) -> Sequence[Reading]:
        drifted = await anyio.to_thread.run_sync(self._drifted)
        return [Reading(float(len(drifted)), some(drifted) or "as accepted", facts={"files": drifted})]

    async def changed(self, paths: Iterable[str]) -> None:
        patterns = self.parameters["files"]
        if any(fnmatchcase(path, pattern) for path in paths for pattern in patterns):
            await anyio.to_thread.run_sync(self._keep, self._digests())

    async def accept(self) -> str:
        now = await anyio.to_thread.run_sync(self._digests)
        await anyio.to_thread.run_sync(self._keep, now)
        return f"{plural(len(now), 'file')} as they are now"

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            drilled: Measure = self.again(inputs, files=["*.toml"])
            files = [inputs.root / f"{number}.toml" for number in range(int(rule.threshold) + 1)]
            for file in files:
                file.write_text("as = 'accepted'\n")
            await drilled.start()
            for file in files:
                file.write_text("as = 'changed behind its back'\n")
            yield drilled

    def _begin(self) -> None:
        if self.inputs.baselines.get(self.rule) is None:
            self._keep(self._digests())

    def _digests(self) -> dict[str, str]:
        root = self.inputs.root
        found = {path.relative_to(root).as_posix(): path for path in fitting(root, self.parameters["files"])}
        return {name: file_digest(path) for name, path in found.items()}

    def _keep(self, digests: dict[str, str]) -> None:
        self.inputs.baselines.put(self.rule, digests)

    def _drifted(self) -> list[str]:
        now, good = self._digests(), self.inputs.baselines.get(self.rule) or {}
        drifted = sorted(name for name in now.keys() | good.keys() if now.get(name) != good.get(name))
        committed = as_committed(self.inputs.root, drifted) if drifted else set()
        if committed:
            same = {name: value for name, value in good.items() if name not in committed}
            self._keep(same | {name: now[name] for name in committed if name in now})
        return [name for name in drifted if name not in committed]


def as_committed(root: Path, names: Sequence[str]) -> set[str]:
    """Those of the files that are what git has as the last commit; none where there is no git, or no repository."""
    tracked = _git(root, "ls-files", "-z", "--", *names)
    changed = _git(
        root, "diff", "--no-ext-diff", "--no-textconv", "--name-only", "--relative", "-z", "HEAD", "--", *names
    )
    return set() if tracked is None or changed is None else tracked - changed


def _git(root: Path, *arguments: str) -> set[str] | None:
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=GIT_SECONDS, check=True, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return {name for name in done.stdout.split("\0") if name}


class SecretDrift(Measure):
    """The key and the store of secrets as they were left, and everything private readable by its owner alone."""

    spec = MeasureSpec("secret_drift", "private files that somebody changed, opened to others or took away", "files")

    async def start(self) -> None:
        await anyio.to_thread.run_sync(self._begin)

    async def read(self) -> Sequence[Reading]:
        explained = self._acts()  # before the files: an act comes before its change
        drifted = await anyio.to_thread.run_sync(self._drifted, explained)
        return [Reading(float(len(drifted)), some(drifted) or "as accepted", facts={"files": drifted})]

    async def accept(self) -> str:
        await anyio.to_thread.run_sync(self._keep, self.inputs.clock.time())
        return "the store and the key as they are now; open files have to be closed by their owner (chmod 600)"

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            secrets = inputs.state / "secrets"
            secrets.mkdir(mode=0o700, parents=True)
            for number in range(int(rule.threshold) + 1):
                file = secrets / f"{number}"
                file.write_text("no secret, but open to all\n")
                file.chmod(0o644)
            drilled: Measure = self.again(inputs)
            await drilled.start()
            yield drilled

    def _begin(self) -> None:
        if self.inputs.baselines.get(self.rule) is None:
            self._keep(self.inputs.clock.time())

    def _keep(self, at: float) -> None:
        """Take what is there as good; acts up to `at` explain no further change."""
        found = {name: file_digest(self.inputs.state / name) for name in KEPT}
        self.inputs.baselines.put(self.rule, {"at": at, "digests": found})

    def _acts(self) -> float:
        """When a secret was last put, rotated or deleted through its kernel; 0 where the log has none."""
        search = self.inputs.context.audit.search
        return max((entry.at for act in SECRET_ACTS for entry in search(action=act, limit=1)), default=0.0)

    def _drifted(self, explained: float) -> list[str]:
        good = self.inputs.baselines.get(self.rule) or {"at": 0.0, "digests": {}}
        found = [f"{path.name} ({problem})" for path in self._private() if (problem := openness(path))]
        known, renew = good["digests"], False
        for name in KEPT:
            before, now = known.get(name, ""), file_digest(self.inputs.state / name)
            if before == now:
                continue
            if not before or (name == STORE and now and explained > good["at"]):
                renew = True  # the first one, or changed by who may
            else:
                found.append(f"{name} ({'changed' if now else 'gone'})")
        if renew and not found:
            self._keep(explained)
        return found

    def _private(self) -> list[Path]:
        state = self.inputs.state
        folders = [folder for folder in (state, state / "secrets") if folder.is_dir()]
        return [*folders, *(path for path in fitting(state, PRIVATE) if path.suffix != ".pub")]


def openness(path: Path) -> str:
    """Who else may read or write it; empty where nobody may."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    return f"mode {stat.S_IMODE(mode):o}" if mode & (stat.S_IRWXG | stat.S_IRWXO) else ""
