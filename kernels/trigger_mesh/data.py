"""Whether data is whole: declared files, the kernels' databases, a model's figures, and the audit chain."""

import json
import sqlite3
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread

from grace_tui.healing.triggers import MeasureSpec, Parameter, Reading, Rule
from grace_tui.healing.triggers.integrity import Checksums, Databases, changes, fitting
from grace_tui.kernel import AuditReport, GraceError
from grace_tui.kernel.spelling import plural
from kernels.trigger_mesh.measure import Inputs, Measure

AUDIT_SHARE = 0.01
"""The audit chain is walked for at most this share of the time."""


class DataFiles(Measure):
    spec = MeasureSpec(
        "data_files",
        "data files that are not what was accepted",
        "files",
        {"files": Parameter(("models/**",), "Files of the workspace, such as `models/**/*.pt`.")},
    )

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.checksums = Checksums()

    async def read(self) -> Sequence[Reading]:
        found, total = await anyio.to_thread.run_sync(self._found)
        return [Reading(1.0, f"{name} {what}", name, facts={"file": name}) for name, what in found.items()] or [
            Reading(0.0, f"{plural(total, 'file')} as accepted" if total else "no file fits")
        ]

    async def accept(self) -> str:
        now = await anyio.to_thread.run_sync(self._now)
        await anyio.to_thread.run_sync(self.inputs.baselines.put, self.rule, now)
        return f"{plural(len(now), 'file')} as they are now"

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            file = inputs.root / "drill.bin"
            file.write_bytes(bytes(4096))
            drilled: Measure = self.again(inputs, files=["*.bin"])
            await drilled.accept()
            file.write_bytes(bytes(4095) + b"\1")
            yield drilled

    def _now(self) -> dict[str, str]:
        return self.checksums.of(fitting(self.inputs.root, self.parameters["files"]), self.inputs.root)

    def _found(self) -> tuple[dict[str, str], int]:
        now, accepted = self._now(), self.inputs.baselines.get(self.rule) or {}
        new = {name: value for name, value in now.items() if name not in accepted}
        if new:
            self.inputs.baselines.put(self.rule, accepted | new)
        return changes(accepted, now), len(now)


class DatabasesSound(Measure):
    spec = MeasureSpec(
        "databases",
        "databases that SQLite finds damaged",
        "databases",
        {"files": Parameter((".grace/*.db", ".grace/*.sqlite", ".grace/*/*.db"), "Databases of the workspace.")},
    )

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.databases = Databases()

    async def read(self) -> Sequence[Reading]:
        problems = await anyio.to_thread.run_sync(self._problems)
        return [
            Reading(1.0, f"{name}: {problem}", name, facts={"file": name})
            for name, problem in problems.items()
            if problem
        ] or [Reading(0.0, f"{len(problems)} sound")]

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            file = inputs.root / "drill.db"
            connection = sqlite3.connect(file)
            connection.execute("CREATE TABLE drill (number INTEGER PRIMARY KEY, text TEXT)")
            connection.executemany("INSERT INTO drill (text) VALUES (?)", [("x" * 200,)] * 200)
            connection.commit()
            connection.close()
            whole = file.read_bytes()
            file.write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])
            yield self.again(inputs, files=["*.db"])

    def _problems(self) -> dict[str, str]:
        root = self.inputs.root
        files = fitting(root, self.parameters["files"])
        return {path.relative_to(root).as_posix(): self.databases.problem(path) for path in files}


class ModelMetric(Measure):
    """A figure that a training or an evaluation leaves in a file, against the one that was accepted."""

    spec = MeasureSpec(
        "model_metric",
        "drop of a model's figure since it was accepted",
        "",
        {
            "file": Parameter("models/metrics.json", "JSON or TOML file of the workspace."),
            "key": Parameter("accuracy", "Its key, with dots into tables."),
        },
    )

    async def start(self) -> None:
        await self._good()

    async def read(self) -> Sequence[Reading]:
        now, good = await anyio.to_thread.run_sync(self._figure), await self._good()
        if now is None or good is None:
            return [Reading(0.0, f"there is no {self.parameters['file']}")]
        key = self.parameters["key"]
        return [Reading(round(good - now, 6), f"{key} {now:g}, accepted {good:g}", facts={"now": now, "good": good})]

    async def accept(self) -> str:
        now = await anyio.to_thread.run_sync(self._figure)
        if now is None:
            raise GraceError(f"there is no {self.parameters['file']} to accept")
        await anyio.to_thread.run_sync(self.inputs.baselines.put, self.rule, now)
        return f"{self.parameters['key']} {now:g}"

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        async with self.inputs.scratch() as inputs:
            file = inputs.root / "metrics.json"
            file.write_text(json.dumps({"drill": 1.0}))
            drilled: Measure = self.again(inputs, file="metrics.json", key="drill")
            await drilled.start()
            file.write_text(json.dumps({"drill": 1.0 - rule.threshold * 1.5}))
            yield drilled

    async def _good(self) -> float | None:
        """The accepted figure; the first that is seen is taken."""
        good = await anyio.to_thread.run_sync(self.inputs.baselines.get, self.rule)
        if good is None and (good := await anyio.to_thread.run_sync(self._figure)) is not None:
            await anyio.to_thread.run_sync(self.inputs.baselines.put, self.rule, good)
        return None if good is None else float(good)

    def _figure(self) -> float | None:
        path = self.inputs.root / self.parameters["file"]
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            value: Any = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
            for part in self.parameters["key"].split("."):
                value = value[part]
            return float(value)
        except (ValueError, KeyError, TypeError) as error:
            raise GraceError(f"{path}: no number under {self.parameters['key']} ({type(error).__name__})") from error


class AuditSound(Measure):
    spec = MeasureSpec("audit_chain", "bad entries found in the audit chain", "entries")

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.report: AuditReport | None = None
        self.due = 0.0

    async def read(self) -> Sequence[Reading]:
        """Walk the chain in a worker thread, the rarer the longer the walk takes."""
        now = self.inputs.clock.monotonic()
        if self.report is None or now >= self.due:
            self.report = await anyio.to_thread.run_sync(self.inputs.context.audit.verify)
            self.due = now + self.report.seconds / AUDIT_SHARE
        found = self.report.problem or f"{plural(self.report.entries, 'entry', 'entries')} sound"
        return [Reading(float(not self.report.ok), found, message=found)]
