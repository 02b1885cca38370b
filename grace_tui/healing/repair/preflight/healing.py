"""Repairs the causes of failing imports, many at a time, until nothing gets further. Changes no real file.

A round takes the best candidate of every cause, as far as they change different files, puts all of them into the trial,
and imports again what they concern. What a candidate blocked has to get further, and nothing that could be imported may
fail; a candidate that does not hold is taken out, and the rest is tried again.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grace_tui.healing.repair.analyst import Analyst
from grace_tui.healing.repair.gates import CHEAP_GATES, Context, judge, refusal
from grace_tui.healing.repair.heal.bench import LARGEST_STEP
from grace_tui.healing.repair.heal.judging import own
from grace_tui.healing.repair.heal.stack import Stack
from grace_tui.healing.repair.patch import FileEdit, Patch
from grace_tui.healing.repair.preflight.causes import Root, roots_of
from grace_tui.healing.repair.preflight.further import is_further, shifted
from grace_tui.healing.repair.preflight.modules import Module, with_packages
from grace_tui.healing.repair.preflight.steps import Step, stacked
from grace_tui.healing.repair.preflight.survey import Key, Outcome, Survey, key_of

GATES = tuple(gate for gate in CHEAP_GATES if gate.name != "compiles")
"""Asked of each candidate; that it compiles shows when it is imported."""
LEAST, LEAST_UNSURE = 0.5, 0.4
"""Scores from which on a candidate is tried: that modules can be imported with it says little of what was meant. One
that is unsure is only taken where it alone passes."""
MOST_UNSURE = 4
"""Candidates of one cause that are tried where nothing tells which is meant."""
NOT_BY_THEMSELVES = frozenset({"too long", "died", "unseen"})
"""Ends that a busy machine may be the reason of."""

Outcomes = dict[Key, Outcome]


@dataclass
class Work:
    """What is known of one cause."""

    patches: list[Patch] = field(default_factory=list)
    """Candidates that are still to be tried, best first."""
    asked_at: int = -1
    """How many steps were taken when the analysis was asked."""
    reason: str = ""
    """Why there is no repair."""
    failed: set[tuple[FileEdit, ...]] = field(default_factory=set)
    """Candidates that did not hold."""
    alone: bool = False
    """Its next candidate is tried by itself: with others something broke."""


@dataclass(frozen=True)
class Try:
    root: Root
    work: Work
    patch: Patch


@dataclass(frozen=True)
class Judged:
    outcomes: Outcomes
    """As they are with the candidates in place."""
    broken: Mapping[int, str]
    """Position in the batch -> what it broke."""
    further: Mapping[int, int]
    """Position in the batch -> how many modules got further."""


class Healing:
    def __init__(
        self,
        survey: Survey,
        modules: Sequence[Module],
        bases: Sequence[str],
        outcomes: Outcomes,
        analyst: Analyst,
        context: Context,
        until: float,
        tell: Callable[["Healing"], None],
    ) -> None:
        self.survey, self.bases, self.analyst, self.context = survey, list(bases), analyst, context
        self.every = {key_of(module): module for module in modules}
        self.outcomes = dict(outcomes)
        self.until, self.tell = until, tell
        self.stack = Stack(context.root)
        self.steps: list[Step] = []
        self.works: dict[tuple[str, ...], Work] = {}
        self.met: dict[Key, set[tuple[str, ...]]] = {}
        """Causes that each module has left behind."""
        self.rounds = 0
        self.doing = ""

    # ---- rounds

    async def run(self) -> None:
        """Until a round takes nothing, and what was refused before is refused again."""
        while not self.over:
            self.rounds += 1
            taken = await self._round()
            if not taken and not self._ask_again():
                return

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until

    async def _round(self) -> bool:
        sure, unsure = await self._candidates()
        taken = await self._take(sure) if sure else False
        if unsure and not self.over:
            taken = await self._take_if_alone(unsure) or taken
        return taken or bool(sure)

    def _ask_again(self) -> bool:
        """What had no repair may have one by now: other files are there."""
        stale = [work for work in self.works.values() if not work.patches and 0 <= work.asked_at < len(self.steps)]
        for work in stale:
            work.asked_at = -1
        return bool(stale)

    async def _candidates(self) -> tuple[list[Try], list[Root]]:
        """The best candidate of each cause, as far as they do not touch one file; causes with unsure ones only."""
        sure: list[Try] = []
        unsure: list[Root] = []
        touched: set[str] = set()
        roots = roots_of(self.outcomes)
        for at, root in enumerate(roots):
            if self.over:
                break
            self.doing = f"looking at cause {at + 1} of {len(roots)}"
            self.tell(self)
            work = await self._asked(root)
            if not work.patches:
                continue
            if all(patch.ambiguous for patch in work.patches):
                unsure.append(root)
                continue
            patch = work.patches[0]
            if touched.isdisjoint(patch.files) and not (work.alone and sure):
                sure.append(Try(root, work, patch))
                touched.update(patch.files)
                if work.alone:
                    break
        return sure, unsure

    async def _asked(self, root: Root) -> Work:
        """The work of a cause, with candidates that fit what the files are by now."""
        work = self.works.setdefault(root.cause, Work())
        seen = root.outcome.seen
        if seen is None:
            work.reason = work.reason or root.outcome.said
            return work
        if work.asked_at >= 0 and all(self._fits(patch) for patch in work.patches):
            return work
        proposal = await self.analyst.ask(seen.failure, self.stack.edits, seen.path)
        work.asked_at = len(self.steps)
        possible = [patch for patch in proposal.patches if patch.files and patch.edits not in work.failed]
        work.patches = [patch for patch in possible if not patch.ask and patch.score >= _least(patch)]
        if work.patches:
            work.reason = ""
        elif possible:
            why = possible[0].ask or "; ".join((*possible[0].evidence, "that is too little"))
            work.reason = f"{possible[0].summary}: only a person may decide: {why}"
        elif not proposal.patches:
            work.reason = proposal.reason
        return work

    def _fits(self, patch: Patch) -> bool:
        return all(self.stack.text(edit.path) == edit.before for edit in patch.edits)

    # ---- trying

    async def _take(self, batch: list[Try]) -> bool:
        """Keep those of the batch that hold, together."""
        batch = await self._allowed(batch)
        while batch and not self.over:
            self.doing = f"trying {len(batch)} repairs"
            self.tell(self)
            judged = await self._judged([entry.patch for entry in batch], [entry.root for entry in batch])
            bad = dict(judged.broken)
            for at, entry in enumerate(batch):
                if not judged.further[at]:
                    bad.setdefault(at, f"{entry.root.text}: the same failure, or one before it")
            if not bad:
                self._keep(batch, judged.outcomes)
                return True
            for at, why in bad.items():
                self._reject(batch[at], why, again=at in judged.broken and len(judged.broken) > 1)
            batch = [entry for at, entry in enumerate(batch) if at not in bad]
        return False

    async def _take_if_alone(self, roots: Sequence[Root]) -> bool:
        """Try every candidate of these causes; where one alone passes, it is taken."""
        passed: dict[tuple[str, ...], list[Patch]] = {}
        for number in range(MOST_UNSURE):
            waiting = [root for root in roots if len(self.works[root.cause].patches) > number]
            while waiting and not self.over:
                batch, waiting = self._apart(waiting, number)
                for entry in await self._passing(await self._allowed(batch)):
                    passed.setdefault(entry.root.cause, []).append(entry.patch)
        for root in roots:
            work, found = self.works[root.cause], passed.get(root.cause, [])
            work.patches = []
            if len(found) > 1:
                what = "; ".join(patch.summary for patch in found)
                work.reason = f"{len(found)} repairs pass, and nothing tells which is meant: {what}"
            elif not found:
                work.reason = work.reason or "no candidate lets it get further"
        alone = [
            Try(root, self.works[root.cause], passed[root.cause][0])
            for root in roots
            if len(passed.get(root.cause, ())) == 1
        ]
        return await self._take_apart(alone)

    async def _take_apart(self, entries: list[Try]) -> bool:
        """Take all of these; of several that change one file, one after the other."""
        taken = False
        while entries:
            batch: list[Try] = []
            rest: list[Try] = []
            touched: set[str] = set()
            for entry in entries:
                if self._fits(entry.patch):
                    (rest if touched & set(entry.patch.files) else batch).append(entry)
                    touched.update(entry.patch.files)
            taken = await self._take(batch) or taken
            entries = rest
        return taken

    def _apart(self, roots: Sequence[Root], number: int) -> tuple[list[Try], list[Root]]:
        """A batch of the candidates of this number that touch different files; the causes that are left for another."""
        batch: list[Try] = []
        left: list[Root] = []
        touched: set[str] = set()
        for root in roots:
            work = self.works[root.cause]
            patch = work.patches[number]
            if not self._fits(patch):
                continue
            if touched.isdisjoint(patch.files):
                batch.append(Try(root, work, patch))
                touched.update(patch.files)
            else:
                left.append(root)
        return batch, left

    async def _passing(self, batch: list[Try]) -> list[Try]:
        """Those that hold; nothing is kept."""
        while batch and not self.over:
            judged = await self._judged([entry.patch for entry in batch], [entry.root for entry in batch])
            good = [entry for at, entry in enumerate(batch) if judged.further[at] and at not in judged.broken]
            if len(good) == len(batch) or not judged.broken:
                return good
            batch = good
        return []

    async def _allowed(self, batch: list[Try]) -> list[Try]:
        """Those that no gate refuses which runs nothing."""
        stack = self._with([entry.patch for entry in batch])
        self._place(stack)
        found = []
        for entry in batch:
            no = own(entry.patch) or refusal(
                await judge(self.survey.trial, self._as_whole(entry.patch, stack), self.context, gates=GATES)
            )
            if no is None:
                found.append(entry)
            else:
                self._reject(entry, f"gate {no.name}: {no.detail}")
        return found

    def _as_whole(self, patch: Patch, stack: Stack) -> Patch:
        """With all that was done to its files before; what an earlier step repaired is no mere consumer of this one."""
        edits = tuple(edit for edit in stack.edits if edit.path in patch.files)
        changed = {edit.path for edit in stack.edits}
        consumers = tuple(path for path in patch.site.consumers if path not in changed)
        return replace(patch, edits=edits, site=replace(patch.site, consumers=consumers))

    async def _judged(self, patches: Sequence[Patch], roots: Sequence[Root]) -> Judged:
        stack = self._with(patches)
        self._place(stack)
        after = await self.again(self._concerned(patches, roots))
        lines = _Lines(self.stack, stack)
        broken: dict[int, str] = {}
        further = dict.fromkeys(range(len(patches)), 0)
        blocked = {key: at for at, root in enumerate(roots) for key in root.keys}
        for key, now in after.items():
            was = self.outcomes[key]
            at = blocked.get(key)
            if (was.ok and now.ok) or (not was.ok and now.cause == was.cause):
                continue
            if not was.ok and is_further(was, now, lines) and now.cause not in self.met.get(key, ()):
                if at is not None:
                    further[at] += 1
                continue
            why = f"{key[1]} {'could be imported before' if was.ok else 'fails earlier'}: {_text(now)}"
            for guilty in self._blamed(patches, now) or range(len(patches)):
                broken.setdefault(guilty, why)
        return Judged(after, broken, further)

    async def again(self, keys: Iterable[Key]) -> Outcomes:
        """Import these modules in the trial as it is; those that ended as on a busy machine a second time, alone."""
        wanted = with_packages([self.every[key] for key in keys], self.every)
        found = await self.survey.run(wanted, self.bases)
        doubtful = [
            self.every[key]
            for key, outcome in found.items()
            if outcome.ended in NOT_BY_THEMSELVES and self.outcomes[key].ended != outcome.ended
        ]
        if doubtful:
            found.update(await self.survey.run(with_packages(doubtful, self.every), self.bases))
        return found

    def _concerned(self, patches: Sequence[Patch], roots: Sequence[Root]) -> set[Key]:
        """What the causes block, what ran a file that changes, and what asked in vain for a module that comes to be."""
        changed = {path for patch in patches for path in patch.files}
        new = [_dotted(edit.path) for patch in patches for edit in patch.edits if edit.before is None]
        blocked = {key for root in roots for key in root.keys}
        return blocked | {
            key
            for key, outcome in self.outcomes.items()
            if not changed.isdisjoint(outcome.ran)
            or any(name == missed or name.endswith(f".{missed}") for missed in outcome.missed for name in new)
        }

    def _blamed(self, patches: Sequence[Patch], outcome: Outcome) -> list[int]:
        """The candidates whose files had to do with it."""
        frames = outcome.seen.failure.frames if outcome.seen is not None else ()
        ran = {*outcome.ran, *(frame.file for frame in frames)}
        return [at for at, patch in enumerate(patches) if not ran.isdisjoint(patch.files)]

    # ---- what becomes of a candidate

    def _keep(self, batch: Sequence[Try], after: Outcomes) -> None:
        for key, outcome in after.items():
            if (was := self.outcomes[key]).cause != outcome.cause and not was.ok:
                self.met.setdefault(key, set()).add(was.cause)
        self.outcomes.update(after)
        self.stack = self._with([entry.patch for entry in batch])
        for entry in batch:
            self.works.pop(entry.root.cause, None)
            self.steps.append(Step(entry.patch, entry.root.cause, entry.root.text, entry.root.modules))
        self.doing = ""
        self.tell(self)

    def _reject(self, entry: Try, why: str, again: bool = False) -> None:
        """`again`: it may have been another one of the batch, so it is tried once more, by itself."""
        if again and not entry.work.alone:
            entry.work.alone = True
            return
        entry.work.alone = False
        entry.work.failed.add(entry.patch.edits)
        entry.work.patches = [patch for patch in entry.work.patches if patch is not entry.patch]
        entry.work.reason = f"{entry.patch.summary}: {why}"

    def drop(self, bad: Sequence[Step], why: str) -> None:
        """Take steps out again, and with them what was built upon them."""
        for step in bad:
            work = self.works.setdefault(step.cause, Work())
            work.failed.add(step.patch.edits)
            work.reason = f"{step.patch.summary}: {why}"
        self.stack, self.steps = stacked(self.context.root, [step for step in self.steps if step not in bad])
        self.met.clear()

    def _with(self, patches: Sequence[Patch]) -> Stack:
        stack = self.stack
        for patch in patches:
            stack = stack.plus(patch)
        return stack

    def _place(self, stack: Stack) -> None:
        place(self.survey, stack.edits, self.context)


class _Lines:
    """Where the lines of the files are that a batch changes."""

    def __init__(self, before: Stack, after: Stack) -> None:
        self.before, self.after = before, after
        self._known: dict[str, Callable[[int], int]] = {}

    def __call__(self, file: str, line: int) -> int:
        if file not in self._known:
            old, new = self.before.text(file) or "", self.after.text(file) or ""
            self._known[file] = shifted(old.splitlines(), new.splitlines())
        return self._known[file](line)


def _least(patch: Patch) -> float:
    return LEAST_UNSURE if patch.ambiguous else LEAST


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _text(outcome: Outcome) -> str:
    return outcome.seen.text if outcome.seen is not None else outcome.said or outcome.ended


def place(survey: Survey, edits: Sequence[FileEdit], context: Context) -> None:
    """Put these edits in the place of what the trial held."""
    survey.trial.reset()
    if edits:
        survey.trial.write(edits)
    survey.files = sorted({*context.tree.files, *(edit.path for edit in edits)})
    context.largest_change = LARGEST_STEP
