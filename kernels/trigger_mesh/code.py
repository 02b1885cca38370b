"""The kernels' own code: what changed since it last ran well, what does not compile, what is likely to fail next."""

import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread

from grace_tui.healing.triggers import MeasureSpec, Parameter, Reading, Rule, risk
from grace_tui.healing.triggers.changed import Change, Healthy, Source, broken, helpers, imported, sources
from grace_tui.kernel import KernelRecord
from grace_tui.kernel.spelling import ago
from kernels.trigger_mesh.measure import Inputs, Measure, some

DAY = 86_400.0
GIT_SECONDS = 10.0
FOUND_EVERY = 3_600.0
"""History is read again at least this often: what is too old for it drops out."""


class CodeChanged(Measure):
    """What changed while the room was closed; a kernel's is over once it has run well with it, or has it back."""

    spec = MeasureSpec(
        "code_changed",
        "files of a kernel that changed since it last ran well",
        "files",
        {"healthy_after": Parameter(30.0, "Seconds of running after which a kernel's files count as good.", 1, 86_400)},
    )

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.at_start: set[str] = set()
        self.imports: dict[tuple[str, ...], frozenset[str]] = {}
        """Digests of files -> what they import of the kernels' folder."""
        self.gone: list[Change] = []
        """Of those, what was not there any more."""

    async def start(self) -> None:
        before = await self._changes()
        self.at_start = {change.kernel for change in before}
        await anyio.to_thread.run_sync(self.inputs.healthy.forget_gone, self.inputs.root)
        self.gone = [change for change in before if change.kernel not in self.inputs.healthy.kernels]

    async def read(self) -> Sequence[Reading]:
        await anyio.to_thread.run_sync(self._keep, self.inputs.records())
        known = self.inputs.healthy.kernels
        changes = [*await self._changes(), *(change for change in self.gone if change.kernel not in known)]
        changes = [change for change in changes if change.kernel in self.at_start]
        self.at_start = {change.kernel for change in changes}
        return [self._reading(change) for change in changes] or [Reading(0.0, "as they last ran well")]

    async def accept(self) -> str:
        self.at_start.clear()
        return "the kernels' files as they are now"

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            kernels = inputs.root / "kernels"
            kernels.mkdir()
            for text in ("good = True\n", "good = None\n"):
                (kernels / "drill.py").write_text(text)
                if not inputs.healthy.kernels:
                    good = sources(inputs.root, "kernels/drill.py", {})
                    inputs.healthy.keep("drill", Healthy(self.inputs.clock.time(), "", good))
            drilled: Measure = ChangedScratch(inputs, self.rule, self.parameters)
            await drilled.start()
            yield drilled

    async def _changes(self) -> list[Change]:
        return await anyio.to_thread.run_sync(self.inputs.healthy.changes, self.inputs.root)

    def _keep(self, records: Iterable[KernelRecord]) -> None:
        """Note the files of every kernel that has run well with them for long enough, and of what such ones import."""
        now, after = self.inputs.clock.time(), self.number("healthy_after")
        imports, begun = {}, dict[str, float]()
        for record in records:
            if not record.path.endswith(".py"):
                continue
            files = self._sources(record.name, record.path)
            imports[record.name] = files
            main = files.get(record.path)
            is_good = record.state == "running" and record.since >= after
            if is_good and main is not None and main.digest.startswith(record.version):  # what runs is what is there
                self.inputs.healthy.keep(record.name, Healthy(now, record.version, files))
                begun[record.name] = now - record.since
        self._keep_helpers(self._imported(imports), begun)

    def _keep_helpers(self, imports: Mapping[str, frozenset[str]], begun: Mapping[str, float]) -> None:
        """Note the files of helpers whose every user has run well, since after their last change; `begun` says when."""
        for name, path in helpers(self.inputs.root, imports.keys()).items():
            files = self._sources(name, path)
            changed = max((source.time / 1e9 for source in files.values()), default=0.0)
            users = [kernel for kernel, names in imports.items() if name in names]
            if users and all(begun.get(kernel, 0.0) > changed for kernel in users):
                self.inputs.healthy.keep(name, Healthy(self.inputs.clock.time(), "", files))

    def _sources(self, name: str, path: str) -> dict[str, Source]:
        known = self.inputs.healthy.kernels.get(name)
        return sources(self.inputs.root, path, known.files if known is not None else {})

    def _imported(self, kernels: Mapping[str, Mapping[str, Source]]) -> Mapping[str, frozenset[str]]:
        """What kernels import, as their files are now; read again only where one of them changed."""
        keys = {name: tuple(source.digest for source in files.values()) for name, files in kernels.items()}
        read = {
            key: self.imports[key] if key in self.imports else imported(self.inputs.root, kernels[name])
            for name, key in keys.items()
        }
        self.imports = read
        return {name: read[key] for name, key in keys.items()}

    def _reading(self, change: Change) -> Reading:
        since = ago(self.inputs.clock.time() - change.since)
        detail = f"{some(change.files)}; last good {since}"
        facts = {"files": list(change.files), "last_good": change.since}
        return Reading(float(len(change.files)), detail, change.kernel, change.kernel, facts=facts)


class ChangedScratch(CodeChanged):
    """A kernel of the drill's own, which nobody runs."""

    def _keep(self, records: Iterable[KernelRecord]) -> None:
        pass


class SyntaxBroken(Measure):
    """Files that do not compile: of those that changed, since they last ran well or by now, and of failed kernels."""

    spec = MeasureSpec("syntax_broken", "kernel files that do not compile", "files")

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.suspects: set[str] = set()

    async def start(self) -> None:
        changes = await anyio.to_thread.run_sync(self.inputs.healthy.changes, self.inputs.root)
        self.suspects.update(file for change in changes for file in change.files)

    async def changed(self, paths: Iterable[str]) -> None:
        self.suspects.update(path for path in paths if path.startswith("kernels/") and path.endswith(".py"))

    async def read(self) -> Sequence[Reading]:
        failed = {one.path for one in self.inputs.records() if one.state == "failed" and one.path.endswith(".py")}
        found = await anyio.to_thread.run_sync(broken, self.inputs.root, sorted(self.suspects | failed))
        self.suspects = {one.file for one in found}
        return [
            Reading(
                1.0,
                f"{one.file}{f':{one.line}' if one.line else ''}: {one.problem}",
                one.file,
                kernel_of(one.file),
                message=f"{one.file} does not compile: {one.problem}",
                facts={"file": one.file, "line": one.line},
            )
            for one in found
        ] or [Reading(0.0, "all compile")]

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            (inputs.root / "kernels").mkdir()
            (inputs.root / "kernels" / "drill.py").write_text("def drill(:\n")
            drilled: Measure = self.again(inputs)
            await drilled.changed(["kernels/drill.py"])
            yield drilled


class PredictedFailure(Measure):
    """From crashes, churn, complexity, coverage, broad handlers and size; the parts are shown with what each adds."""

    spec = MeasureSpec(
        "failure_risk",
        "risk that a kernel fails next",
        "",
        {"days": Parameter(30.0, "Days of history that count.", 1, 3_650)},
    )

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.shapes: dict[tuple[tuple[str, str], ...], risk.Shape] = {}
        self.churn: Counter[str] | None = None
        self.history: tuple[float, tuple[int, ...]] = (0.0, ())

    async def read(self) -> Sequence[Reading]:
        crashes = self._crashes()
        return await anyio.to_thread.run_sync(self._scores, self.inputs.records(), crashes)

    def _crashes(self) -> Counter[str]:
        since = self.inputs.clock.time() - self.number("days") * DAY
        found: Counter[str] = Counter()
        for incident in self.inputs.context.incidents.all():
            if incident.phase != "trigger" and incident.last_at >= since:
                found[incident.kernel] += incident.count
        return found

    def _scores(self, records: Sequence[KernelRecord], crashes: Mapping[str, int]) -> list[Reading]:
        root = self.inputs.root
        churn, covered = self._churn(root), risk.coverage(root)
        found, shapes = [], {}
        for record in records:
            if not record.path.endswith(".py"):
                continue
            known = self.inputs.healthy.kernels.get(record.name)
            files = sources(root, record.path, known.files if known is not None else {})
            key = tuple((name, source.digest) for name, source in files.items())
            shapes[key] = form = self.shapes.get(key) or risk.shape((root / name).read_bytes() for name in files)
            shares = [covered[name] for name in files if covered is not None and name in covered]
            measured: dict[str, float | None] = {
                "crashes": float(crashes.get(record.name, 0)),
                "churn": None if churn is None else float(sum(churn[name] for name in files)),
                "complexity": float(form.complexity),
                "coverage": sum(shares) / len(shares) if shares else None,
                "broad excepts": float(form.broad),
                "size": float(form.lines),
            }
            value, parts = risk.score(measured)
            detail = ", ".join(part.text for part in parts)
            facts = {
                "parts": {part.name: part.value for part in parts},
                "shares": {part.name: part.share for part in parts},
            }
            found.append(Reading(value, f"{record.name}: {detail}", record.name, record.name, facts=facts))
        self.shapes = shapes
        return found or [Reading(0.0, "no kernel of a file")]

    def _churn(self, root: Path) -> Counter[str] | None:
        """Commits of each file within the days; None where there is no history to read."""
        now = self.inputs.clock.monotonic()
        stamp = _history_stamp(root)
        if not stamp:
            return None
        if stamp != self.history[1] or now - self.history[0] > FOUND_EVERY:
            self.history, self.churn = (now, stamp), commits(root, self.number("days"))
        return self.churn


def commits(root: Path, days: float) -> Counter[str] | None:
    """How many commits touched each file below `kernels/`, by path relative to the workspace."""
    since = f"--since={int(days)}.days"
    told = ["log", since, "--format=", "--name-only", "--relative", "--no-renames", "--no-ext-diff", "--", "kernels"]
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(root), *told]
    try:
        done = subprocess.run(command, capture_output=True, timeout=GIT_SECONDS, check=True, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return Counter(line for line in done.stdout.splitlines() if line)


def _history_stamp(root: Path) -> tuple[int, ...]:
    """Changes with every commit; empty where the workspace, or a folder above it, is no repository."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            files = [folder / ".git" / name for name in ("logs/HEAD", "HEAD", "index")]
            return (1, *(file.stat().st_mtime_ns for file in files if file.exists()))
    return ()


def kernel_of(path: str) -> str:
    """The kernel that a file below `kernels/` belongs to."""
    return path.split("/")[1].removesuffix(".py")
