"""Trigger mesh: rules that measure the room, periodically or when something happens, and report a breach once.

Owns when each rule is checked and the state of its subjects; rules come from TOML, measures stand in `table.py`. Called
by people through `trigger list|show|check|accept|drill`. It never restarts or repairs anything itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import anyio.to_thread

from grace_tui.healing.strict import FileRefused
from grace_tui.healing.triggers import (
    OWN_FILE,
    Known,
    Reading,
    Rule,
    RuleSet,
    SubjectState,
    judge,
    load_rules,
)
from grace_tui.kernel import (
    FilesChanged,
    GraceError,
    IncidentOpened,
    Kernel,
    KernelContext,
    KernelSpec,
    KernelStateChanged,
    MonitorReported,
    NotReady,
)
from grace_tui.kernel.spelling import nearest, plural
from kernels.trigger_mesh.drills import drill
from kernels.trigger_mesh.measure import Inputs, clear_scratch
from kernels.trigger_mesh.run import RuleRun
from kernels.trigger_mesh.table import MEASURES, SPECS
from kernels.trigger_mesh.telling import Teller
from kernels.trigger_mesh.views import DrillReport, RuleDetail, RuleView

LOOK = 5.0
SPREAD = 5
"""Rules that nothing calls for at once are first checked within so many looks, not all in one."""
OFTEN = 60.0
"""A rule with a longer period is dear, and waits until the room has come to rest."""
LIGHT = ("heartbeat_gap", "memory", "queue_growth")
"""Measures that the probe takes: quick, and there at any time."""


class TriggerMesh(Kernel):
    """Measures rules and reports breaches."""

    spec = KernelSpec(requires=("message_bus",), priority=21)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.teller = Teller(context)
        self.runs: dict[str, RuleRun] = {}
        self.problem = ""
        """Why the rules of the workspace's own file are not those in force; empty when they are."""
        self.wanted: set[str] = set()
        self.stamp: tuple[int, int] | None = None

    async def start(self) -> None:
        self.round, self.wake = anyio.Lock(), anyio.Event()
        self.began = self.context.clock.monotonic()
        self.inputs = await anyio.to_thread.run_sync(Inputs, self.context, self.kernel)
        await anyio.to_thread.run_sync(clear_scratch, self.context.workspace.state)
        self.teller.end_drills()
        self.files = self.subscribe(FilesChanged)
        self.states = self.subscribe(KernelStateChanged)
        self.opened = self.subscribe(IncidentOpened)
        self.stamp = self._stamp()
        await self._load()

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch_files)
            group.start_soon(self._watch_kernels)
            group.start_soon(self._watch_incidents)
            group.start_soon(self._answer_occasions)
            self._occasion("boot")
            async for now in self.every(LOOK):
                await self._reread()
                for run in self.runs.values():
                    run.measure.look(now)
                await self._check([run for run in self.runs.values() if now >= run.due])

    async def probe(self) -> None:
        """Measure what is quick to measure, and see a made-up breach fire once."""
        for run in self.runs.values():
            if run.rule.measure in LIGHT:
                await run.measure.read()
        rule = next(iter(self.runs.values())).rule
        state, breach = SubjectState(breaches=rule.in_a_row), Reading(rule.threshold)
        state, first = judge(rule, state, breach, 1.0)
        if first != "fires" or judge(rule, state, breach, 2.0)[1]:
            raise NotReady("trigger_mesh does not fire exactly once for a breach")

    def save_state(self) -> Mapping[str, object]:
        return {"rules": {name: run.save_state() for name, run in self.runs.items()}}

    def summary(self) -> str:
        firing = sum(bool(run.firing) for run in self.runs.values())
        return f"{plural(len(self.runs), 'rule')}{f', {firing} firing' if firing else ''}"

    # ---- service

    async def rules(self) -> tuple[RuleView, ...]:
        """Every rule in force, with what it last measured and when it is measured again."""
        now = self.context.clock.monotonic()
        return tuple(run.view(now) for run in self.runs.values())

    async def trouble(self) -> str:
        """Why the rules of the workspace's own file, or the baselines, are not what is used; empty where they are."""
        return "; ".join(filter(None, (self.problem, self.inputs.baselines.problem)))

    async def show(self, name: str) -> RuleDetail:
        """One rule with its subjects and its recent values."""
        return self._run(name).detail(self.context.clock.monotonic())

    async def check_now(self, names: Sequence[str] = ()) -> tuple[RuleView, ...]:
        """Measure these rules now, or all, and act on what they say."""
        runs = [self._run(name) for name in names] or list(self.runs.values())
        await self._check(runs)
        now = self.context.clock.monotonic()
        return tuple(run.view(now) for run in runs)

    async def accept(self, name: str) -> str:
        """Take what is there now as good for a rule that compares with a baseline; returns what was taken."""
        run = self._run(name)
        taken = await run.measure.accept()
        self.log.info("accepted as good", rule=name, taken=taken)
        await self._check([run])
        return taken

    async def drill(self, name: str) -> DrillReport:
        """Make a rule fire on harmless input: a drill, which nobody answers and which settles itself."""
        run = self._run(name)
        if run.worst is None:
            await self._check([run])
        async with self.round:
            report = await drill(run, self.teller)
        self.log.info("drill", rule=name, fired=report.fired, found=report.text)
        return report

    # ---- checking

    async def _check(self, runs: Sequence[RuleRun]) -> None:
        async with self.round:
            self.inputs.turn()
            for run in runs:
                now = self.context.clock.monotonic()
                await self._checked(run, now - self.began >= run.rule.settle)
                run.due = now + run.rule.every
                self.beat()
        self.count(len(runs))
        self._report()

    async def _checked(self, run: RuleRun, settled: bool) -> None:
        try:
            await run.check(settled)
        except Exception as error:  # one measure's defect is told, and costs the other rules nothing
            run.problem = f"not measured: {type(error).__name__}: {error}"
            self.context.failed(error, "run")

    def _report(self) -> None:
        firing = [name for name, run in self.runs.items() if run.firing and run.rule.incident]
        now = self.context.clock.monotonic()
        left = max(min((run.due for run in self.runs.values()), default=now) - now, 0.0)
        text = f"firing: {', '.join(firing)}" if firing else f"{len(self.runs)} rules"
        if self.problem:
            text = f"{text}; {self.problem}"
        self.publish(
            MonitorReported("triggers", "alert" if firing or self.problem else "ok", text, len(self.runs), left)
        )

    # ---- occasions

    def _occasion(self, what: str) -> None:
        """Something happened: check the rules that ask for it, soon and together."""
        self.wanted.update(name for name, run in self.runs.items() if what in run.rule.on)
        if self.wanted:
            self.wake.set()

    async def _answer_occasions(self) -> None:
        while True:
            await self.wake.wait()
            self.wake = anyio.Event()
            wanted, self.wanted = self.wanted, set()
            await self._check([self.runs[name] for name in sorted(wanted) if name in self.runs])

    async def _watch_files(self) -> None:
        async for change in self.files:
            for run in list(self.runs.values()):
                await run.measure.changed(change.paths)
            if OWN_FILE in change.paths:
                await self._reread()
            self._occasion("files.changed")

    async def _watch_kernels(self) -> None:
        async for _ in self.states:
            self._occasion("kernel.state")

    async def _watch_incidents(self) -> None:
        async for _ in self.opened:
            self._occasion("incident.opened")

    # ---- rules

    def _run(self, name: str) -> RuleRun:
        if name not in self.runs:
            raise GraceError(f"there is no rule {name!r}; {nearest(name, sorted(self.runs))}")
        return self.runs[name]

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = (self.context.workspace.root / OWN_FILE).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    async def _reread(self) -> None:
        if self._stamp() == self.stamp:
            return
        async with self.round:  # not under a check, which would tell of rules that are over
            self.stamp = self._stamp()
            before = self.runs
            await self._load()
            self.wanted.update(name for name, run in self.runs.items() if before.get(name) is not run)
            self.wake.set()

    async def _load(self) -> None:
        """Take the rules of the files; one that cannot be used leaves those in force, and is told."""
        own = self.context.workspace.root / OWN_FILE
        kernels = {record.name for record in self.context.room.kernels()}
        await self.context.playbooks.ready()
        playbooks = {playbook.name for playbook in self.context.playbooks.all()}
        known = Known(SPECS, playbooks=playbooks or None, kernels=kernels or None)
        try:
            rules = await anyio.to_thread.run_sync(load_rules, known, own)
            self.problem = ""
        except FileRefused as error:
            told = "; ".join(f"{error}".splitlines())  # one line: monitors have no more
            self.problem = f"{told}; the rules that were read before stay in force"
            self.log.warning(self.problem)
            if self.runs:
                return
            rules = await anyio.to_thread.run_sync(load_rules, known)
        await self._use(rules)

    async def _use(self, rules: RuleSet) -> None:
        """Let these rules be in force; one that is as it was goes on with what it knows."""
        before, self.teller.rules = self.runs, rules
        saved = self.saved_state.get("rules", {})
        used = [rule for rule in rules.rules if rule.enabled]
        runs: dict[str, RuleRun] = {}
        for number, rule in enumerate(used):
            known = before.get(rule.name)
            runs[rule.name] = known if known and known.rule == rule else await self._new(rule, number, saved, known)
        for name, run in before.items():
            if name not in runs:
                run.end("its rule is not in force any more")
        self.runs = runs

    async def _new(
        self, rule: Rule, number: int, saved: Mapping[str, Mapping[str, Any]], old: RuleRun | None
    ) -> RuleRun:
        measure = MEASURES[rule.measure](self.inputs, rule.name, rule.parameters)
        run = RuleRun(rule, measure, self.teller)
        state = old.save_state() if old is not None else saved.get(rule.name)
        if state:
            run.load_state(state)
        await measure.start()
        later = rule.every / 2 if rule.every > OFTEN else 0.0
        run.due = self.context.clock.monotonic() + LOOK * (1 + number % SPREAD) + later
        return run


__all__ = ["DrillReport", "RuleDetail", "RuleView", "TriggerMesh"]
