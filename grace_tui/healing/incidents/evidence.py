"""The evidence bundle of an incident: `logs/incidents/ID/`, written beside the loop and kept for people.

The incident book calls `collect` on the supervisor's loop: what is live (frames, log tail, beats, settings) is taken
there and then, as plain data; reading files, measuring and writing happen in one thread. A bundle is whole or absent.
Where it cannot be had, the incident is told why; the incident itself never depends on it.
"""

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.codec import encode
from grace_tui.healing.incidents.facts import clean, resources, versions
from grace_tui.healing.incidents.traces import Trace, render, take
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.redact import redact

FILE_LIMIT = 256 * 1024
WAITING_LIMIT = 64
"""Bundles that may wait to be written; in a storm of different failures the rest go without."""

Done = Callable[[str, str, str], None]


def _nothing(kernel: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a bundle's parts come from. All but `changes` are called on the loop and must be quick."""

    log_tail: Callable[[str], Sequence[str]] = _nothing
    """Kernel -> the last lines of its log."""
    beats: Callable[[str], Mapping[str, object]] = lambda kernel: {}
    """Kernel -> its beats, restarts and states so far."""
    settings: Callable[[], Mapping[str, object]] = dict
    """The settings in force."""
    changes: Callable[[], str] = str
    """A unified diff of the workspace's files since the last good snapshot; called in the thread."""


@dataclass(slots=True)
class _Gathered:
    record: IncidentRecord
    failure: Failure
    related: tuple[IncidentRecord, ...]
    trace: Trace | None = None
    log: Sequence[str] = ()
    beats: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """Parts that could not be had, and why."""


class Evidence:
    def __init__(self, folder: Path, root: Path, sources: Sources) -> None:
        self.folder, self.root, self.sources = folder, root, sources
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="evidence")
        self._lock = threading.Lock()
        self._waiting = 0
        self._closed = False

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
        gathered = _Gathered(record, failure, related)
        if error is not None:
            _part(gathered, "traceback.txt", lambda: setattr(gathered, "trace", take(error, self.root)))
        _part(gathered, "kernel.log", lambda: setattr(gathered, "log", self.sources.log_tail(record.kernel)))
        _part(gathered, "beats.json", lambda: setattr(gathered, "beats", self.sources.beats(record.kernel)))
        _part(gathered, "settings.json", lambda: setattr(gathered, "settings", self.sources.settings()))
        self._writer.submit(self._write, gathered, done)

    def remove(self, incident_id: str) -> None:
        """Delete a bundle whose incident is no longer remembered."""
        with self._lock:
            if not self._closed:
                self._writer.submit(shutil.rmtree, self.folder / incident_id, ignore_errors=True)

    def close(self) -> None:
        """Wait until everything that was collected is written."""
        with self._lock:
            self._closed = True
        self._writer.shutdown(wait=True)

    def _enter(self) -> bool:
        with self._lock:
            if self._closed or self._waiting >= WAITING_LIMIT:
                return False
            self._waiting += 1
            return True

    def _write(self, gathered: _Gathered, done: Done) -> None:
        record = gathered.record
        try:
            folder = self._write_bundle(gathered)
        except Exception as error:  # the thread's boundary: told in the incident's timeline
            done(record.id, "", f"no evidence kept: {error or type(error).__name__}")
            return
        finally:
            with self._lock:
                self._waiting -= 1
        done(record.id, self._shown(folder), f"evidence without {'; '.join(gathered.lost)}" if gathered.lost else "")

    def _write_bundle(self, gathered: _Gathered) -> Path:
        folder = self._free_folder(gathered.record.id)
        part = self.folder / f".{gathered.record.id}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            for name, text in self._files(gathered).items():
                (part / name).write_bytes(_capped(text))
            part.rename(folder)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return folder

    def _free_folder(self, incident_id: str) -> Path:
        """The incident's folder; below it one for every time that it was reopened."""
        folder = self.folder / incident_id
        number = 1
        while folder.exists():
            number += 1
            folder = self.folder / incident_id / f"again-{number}"
        return folder

    def _files(self, gathered: _Gathered) -> dict[str, str]:
        changes: list[str] = []
        measured: dict[str, object] = {}
        _part(gathered, "changes.diff", lambda: changes.append(self.sources.changes()))
        _part(gathered, "resources.json", lambda: measured.update(resources(self.root)))
        return {
            "failure.json": _json(gathered.failure),
            "traceback.txt": redact(render(gathered.trace, gathered.failure)),
            "kernel.log": redact("\n".join(gathered.log)),
            "beats.json": _json(gathered.beats),
            "resources.json": _json(measured),
            "related.json": _json([_brief(other, gathered.record) for other in gathered.related]),
            "changes.diff": redact("".join(changes)),
            "settings.json": _json(gathered.settings),
            "versions.json": _json(versions()),
        }

    def _shown(self, folder: Path) -> str:
        return folder.relative_to(self.root).as_posix() if folder.is_relative_to(self.root) else str(folder)


def _part(gathered: _Gathered, name: str, take_part: Callable[[], object]) -> None:
    """Run one injected source; one that fails costs its part, and is named in the incident."""
    try:
        take_part()
    except Exception as error:
        gathered.lost.append(f"{name} ({type(error).__name__}: {error})")


def _brief(other: IncidentRecord, record: IncidentRecord) -> dict[str, object]:
    return {
        "id": other.id,
        "kernel": other.kernel,
        "title": other.title,
        "state": other.state,
        "count": other.count,
        "signature": other.signature,
        "same_coarse_signature": other.coarse == record.coarse,
    }


def _json(value: object) -> str:
    return encode(clean(value)).decode()


def _capped(text: str) -> bytes:
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= FILE_LIMIT:
        return data
    return data[:FILE_LIMIT] + f"\n… {len(data) - FILE_LIMIT} more bytes were left out\n".encode()
