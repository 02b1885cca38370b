"""The evidence of incidents: what is live is taken on the supervisor's loop, and written beside it as files for people.

The incident book calls `collect`; the room calls `look` once a second. One thread writes bundles, each whole or absent;
another adds what takes longer (differences of files) and deletes what is not kept. Where a bundle cannot be had, the
incident is told why; the incident itself never depends on it.
"""

import functools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.evidence.bundle import Bundles, CannotWrite, Part
from grace_tui.healing.incidents.evidence.facts import versions
from grace_tui.healing.incidents.evidence.git import Git
from grace_tui.healing.incidents.evidence.parts import CHANGES, GIT, LATER, first_parts, log_with_after
from grace_tui.healing.incidents.evidence.pruning import Kept, Policy, to_prune
from grace_tui.healing.incidents.evidence.seen import look as look_at
from grace_tui.healing.incidents.evidence.sources import Gathered, LogTail, Sources
from grace_tui.healing.incidents.evidence.traces import take
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.redact import redact

WAITING_LIMIT = 64
"""Bundles that may wait to be written; in a storm of different failures the rest go without."""
LATER_LIMIT = 16
"""Bundles that may wait for what is added later."""
AFTER_SECONDS = 1.0
"""From a failure to the second look at its kernel's log."""
CLOSE_SECONDS = 1.0
"""How long a closing room waits for what is added later."""
TRY_SECONDS = 10.0
"""Between two tries of a folder that refused."""
PRUNE_SECONDS, PRUNE_ANYWAY_SECONDS = 60.0, 3_600.0
"""Between two prunings: while bundles are written, and when there are none but time passes."""
QUIET_SECONDS = 10.0
"""After its opening a room has better to do."""
KEPT = Policy(bytes=200_000_000, seconds=30 * 86_400.0)

Done = Callable[[str, str, str], None]
Gone = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class _Pending:
    """A log that is looked at once more."""

    due: float
    kernel: str
    before: LogTail
    folder: Path


class Evidence:
    def __init__(self, folder: Path, root: Path, sources: Sources, clock: Clock, policy: Policy = KEPT) -> None:
        self.folder, self.root, self.sources, self.clock, self.policy = folder, root, sources, clock, policy
        self.problem = ""
        """Why bundles are lost at the moment; empty while they are not."""
        self._bundles = Bundles(folder)
        self._git = Git(root)
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="evidence")
        self._later = ThreadPoolExecutor(max_workers=1, thread_name_prefix="evidence-later")
        self._lock = threading.Lock()
        self._waiting = 0
        self._adding = 0
        self._closed = False
        self._pending: deque[_Pending] = deque()
        self._grown = False
        """Something was written since the last pruning."""
        self._next_try = 0.0
        self._next_prune = clock.monotonic() + QUIET_SECONDS
        self._prune_anyway = self._next_prune
        self._writer.submit(self._bundles.sweep)

    # ---- on the loop

    def collect(
        self,
        record: IncidentRecord,
        failure: Failure,
        error: BaseException | None,
        related: tuple[IncidentRecord, ...],
        done: Done,
    ) -> None:
        """Take what is live now and have it written; `done(id, folder, problem)` is called when that has ended."""
        if not self._enter():
            done(record.id, "", f"no evidence kept: {WAITING_LIMIT} bundles were already waiting to be written")
            return
        gathered = self._gather(record, failure, error, related)
        self._writer.submit(self._write, gathered, self.clock.monotonic() + AFTER_SECONDS, done)

    def look(self, incidents: Callable[[], Sequence[IncidentRecord]], gone: Gone) -> None:
        """Do what is due: second looks at logs, another try of a folder that refused, the pruning of old bundles.

        `gone(id, why)` is called for each incident whose bundles were deleted, from a thread.
        """
        now = self.clock.monotonic()
        self._look_again(now)
        if self._closed:
            return
        if self.problem and now >= self._next_try:
            self._next_try = now + TRY_SECONDS
            self._writer.submit(self._try_again)
        if now >= (self._next_prune if self._grown else self._prune_anyway):
            self._grown = False
            self._next_prune, self._prune_anyway = now + PRUNE_SECONDS, now + PRUNE_ANYWAY_SECONDS
            over = {record.id: record.resolved_at for record in incidents() if record.state == "resolved"}
            known = {record.id for record in incidents()}
            self._later.submit(self._prune, over, known, gone)

    def add(self, incident_id: str, shown: str, part: Part) -> bool:
        """Put a part into a bundle, once what was collected before is written; waits for it, so not for the loop.

        `shown` is the bundle's folder as its incident has it, empty where that is not known yet. False where there is
        no bundle.

        Raises:
            CannotWrite: the disk refused.
        """
        self._writer.submit(_nothing).result()
        folder = self.root / shown if shown else self.folder / incident_id
        self._later.submit(self._bundles.add, folder, part).result()
        self._grown = True
        return (folder / part.name).exists()

    def remove(self, incident_id: str) -> None:
        """Delete the bundles of an incident that is no longer remembered."""
        with self._lock:
            if not self._closed:
                self._later.submit(self._remove, incident_id)

    def close(self) -> None:
        """Wait until everything that was collected is written, and a moment for what is added to it."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._writer.shutdown(wait=True)
        self._look_again(float("inf"))
        wait([self._later.submit(_nothing)], CLOSE_SECONDS)
        self._git.stop()
        self._later.shutdown(wait=True, cancel_futures=True)

    def _enter(self) -> bool:
        with self._lock:
            if self._closed or self._waiting >= WAITING_LIMIT:
                return False
            self._waiting += 1
            return True

    def _gather(
        self,
        record: IncidentRecord,
        failure: Failure,
        error: BaseException | None,
        related: tuple[IncidentRecord, ...],
    ) -> Gathered:
        gathered, kernel, sources = Gathered(record, failure, related), record.kernel, self.sources

        def have(name: str, field: str, source: Callable[[], object]) -> None:
            try:
                setattr(gathered, field, source())
            except Exception as problem:  # one source that fails costs its part, and the bundle says so
                gathered.lost[name] = f"it could not be had: {type(problem).__name__}: {problem}"

        if error is not None:
            have("traceback.txt", "trace", lambda: take(error, self.root))
            have("locals.json", "seen", lambda: look_at(error, self.root))
        have("kernel.log", "log", lambda: sources.log(kernel))
        have("beats.json", "beats", lambda: sources.beats(kernel))
        have("bus.json", "bus", lambda: sources.bus(kernel))
        have("settings.json", "settings", sources.settings)
        have("resources.json", "measured", sources.measured)
        return gathered

    def _look_again(self, now: float) -> None:
        with self._lock:
            due = [each for each in self._pending if each.due <= now]
            self._pending = deque(each for each in self._pending if each.due > now)
        for each in due:
            log = self.sources.log(each.kernel)
            new = log.total - each.before.total
            after = log.lines[-new:] if new > 0 else ()
            self._later.submit(self._add, each.folder, log_with_after(each.before.lines, after))

    # ---- in the thread that writes

    def _write(self, gathered: Gathered, look_again: float, done: Done) -> None:
        incident = gathered.record.id
        try:
            parts = first_parts(gathered, self.root)
            folder = self._bundles.write(incident, parts)
        except CannotWrite as error:
            self.problem = str(error)
            done(incident, "", f"no evidence kept: {error}")
            return
        except Exception as error:  # the thread's boundary: told in the incident's timeline
            done(incident, "", f"no evidence kept: {type(error).__name__}: {error}")
            return
        finally:
            with self._lock:
                self._waiting -= 1
        self.problem, self._grown = "", True
        if "kernel.log" not in gathered.lost:
            with self._lock:
                self._pending.append(_Pending(look_again, gathered.record.kernel, gathered.log, folder))
        missing = [f"{part.name} ({part.missing})" for part in parts if part.name in gathered.lost]
        done(incident, self._shown(folder), f"evidence without {'; '.join(missing)}" if missing else "")
        self._add_later(gathered.record.kernel, folder)

    def _try_again(self) -> None:
        try:
            self._bundles.try_disk()
            self.problem = ""
        except CannotWrite as error:
            self.problem = str(error)

    # ---- in the thread that adds and deletes: one, so that nothing is added to what is being deleted

    def _add_later(self, kernel: str, folder: Path) -> None:
        with self._lock:
            full = self._adding >= LATER_LIMIT
            self._adding += not full
        if full:
            why = f"{LATER_LIMIT} bundles were already waiting for it"
            for name, says in LATER.items():
                self._add(folder, Part(name, says, missing=why))
            return
        self._later.submit(self._add_changes, kernel, folder)

    def _add_changes(self, kernel: str, folder: Path) -> None:
        try:
            self._add(folder, _made(CHANGES, functools.partial(self.sources.changes, kernel)))
            self._add(folder, _made(GIT, self._git.changes))
        finally:
            with self._lock:
                self._adding -= 1

    def _add(self, folder: Path, part: Part) -> None:
        try:
            self._bundles.add(folder, part)
        except CannotWrite as error:  # the bundle is whole without it
            self.problem = str(error)

    def _remove(self, incident_id: str) -> None:
        try:
            self._bundles.remove(incident_id)
        except CannotWrite as error:
            self.problem = str(error)

    def _prune(self, over: dict[str, float | None], known: set[str], gone: Gone) -> None:
        versions()  # at a quiet moment, so that no bundle waits for it
        try:
            found = [
                Kept(name, size, (over[name] or changed) if name in over else None if name in known else changed)
                for name, (size, changed) in self._bundles.sizes().items()
            ]
            for incident, why in to_prune(found, self.policy, self.clock.time()):
                self._bundles.remove(incident)
                gone(incident, why)
        except (CannotWrite, OSError) as error:
            self.problem = str(error)

    def _shown(self, folder: Path) -> str:
        return folder.relative_to(self.root).as_posix() if folder.is_relative_to(self.root) else str(folder)


def _made(name: str, make: Callable[[], str]) -> Part:
    try:
        return Part(name, LATER[name], redact(make()))
    except Exception as error:  # what cannot be had is said in the bundle's index
        return Part(name, LATER[name], missing=f"{error}" or type(error).__name__)


def _nothing() -> None: ...
