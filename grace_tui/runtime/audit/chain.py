"""The hash-chained audit log: JSON lines in segments, each entry sealed over the one before.

Owned by the core, so that it records while every kernel is down; `immutable_log` serves it.
"""

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from grace_tui.disk import atomic_write
from grace_tui.kernel.errors import GraceError, LoopAbandoned
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import AuditEntry, AuditReport
from grace_tui.kernel.redact import redact_value
from grace_tui.runtime.audit.lines import (
    Head,
    Line,
    encode,
    read_head,
    readable_entries,
    seal,
    segments,
    walk,
    write_head,
)

FENCE_SECONDS = 0.5
"""How long a fence waits for an entry that is being written."""
SEGMENT_BYTES = 8_000_000
KEPT_IN_MEMORY = 5_000


class AuditChain:
    """AuditPort on a folder of segments. `append` is for the supervisor loop; `sync` and `verify` for any thread."""

    def __init__(self, folder: Path, head_file: Path, clock: Clock) -> None:
        self.folder, self.head_file, self.clock = folder, head_file, clock
        self._lock = threading.Lock()
        self._fenced = False
        folder.mkdir(parents=True, exist_ok=True)
        found = segments(folder)
        self._segment = found[-1] if found else folder / "audit-000001.jsonl"
        torn = self._cut_torn_line()
        self._recent = deque[AuditEntry](maxlen=KEPT_IN_MEMORY)
        for segment in found[-2:]:
            self._recent.extend(readable_entries(segment))
        last = self._recent[-1] if self._recent else None
        found_head = Head(last.sequence, last.hash) if last else Head()
        kept = read_head(head_file)
        # Where the log ends before the head that was kept outside it, the gap stays in the numbers for ever.
        self._head = kept if kept.n >= found_head.n else found_head
        self._durable = self._head.n
        self._handle = self._open()
        if torn:
            self.append({"actor": "core", "action": "audit.recovered", "resource": torn.name})

    @property
    def count(self) -> int:
        return self._head.n

    def append(self, record: Mapping[str, object]) -> AuditEntry:
        """Seal `record`, with secrets redacted, and hand it to the system; `sync` makes it survive a power cut.

        Raises:
            LoopAbandoned: another chain has taken the log over.
        """
        clean = redact_value(record)
        if not isinstance(clean, dict):
            raise GraceError(f"an audit record is a mapping, not {type(record).__name__}")
        with self._lock:
            if self._fenced:
                raise LoopAbandoned("the audit log")
            number, at, previous = self._head.n + 1, self.clock.time(), self._head.hash
            digest = seal(number, at, previous, clean)
            data = encode(Line(number, at, previous, clean, digest)) + b"\n"
            self._write(data)
            self._head = Head(number, digest)
            self._size += len(data)
            if self._size > SEGMENT_BYTES:
                self._next_segment()
        entry = AuditEntry(number, at, clean, digest, previous)
        self._recent.append(entry)
        return entry

    def sync(self) -> None:
        """Make all entries durable and note the head outside the log; about once a second, in a worker thread."""
        with self._lock:
            head = self._head
            if head.n == self._durable or self._fenced:
                return
            handle = os.dup(self._handle)
        try:
            os.fdatasync(handle)
        finally:
            os.close(handle)
        if self._fenced:  # meanwhile: the head is another chain's now
            return
        write_head(self.head_file, head)
        self._durable = head.n

    def fence(self) -> None:
        """Refuse every further entry: another chain takes the log over. Any thread."""
        entered = self._lock.acquire(timeout=FENCE_SECONDS)
        self._fenced = True
        if entered:
            self._lock.release()

    def close(self) -> None:
        self.sync()
        os.close(self._handle)

    def tail(self, count: int = 20) -> list[AuditEntry]:
        """The newest entries, oldest of them first."""
        return list(self._recent)[-count:]

    def search(
        self, *, actor: str = "", action: str = "", text: str = "", since: float = 0.0, limit: int = 100
    ) -> list[AuditEntry]:
        """Matching entries among the newest few thousand, newest first."""

        def wanted(entry: AuditEntry) -> bool:
            record = entry.record
            if entry.at < since or actor not in ("", record.get("actor")) or action not in ("", record.get("action")):
                return False
            return not text or text.lower() in encode(record).decode().lower()

        found = (entry for entry in reversed(self._recent) if wanted(entry))
        return [entry for entry, _ in zip(found, range(limit), strict=False)]

    def verify(self) -> AuditReport:
        """Walk every segment; the report names the first bad entry."""
        with self._lock:
            head = self._head
        return _report(self.folder, self.head_file, head)

    def _open(self) -> int:
        handle = os.open(self._segment, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(handle).st_size
        return handle

    def _write(self, data: bytes) -> None:
        """Write a whole line or none: a disk that fills up takes the first part of one."""
        written = os.write(self._handle, data)
        if written != len(data):
            os.ftruncate(self._handle, self._size)
            raise OSError(errno.ENOSPC, "no room for an audit entry", str(self._segment))

    def _next_segment(self) -> None:
        full, handle = self._segment, self._handle
        number = int(full.stem.partition("-")[2]) + 1
        self._segment = self.folder / f"audit-{number:06d}.jsonl"
        try:
            self._handle = self._open()
        except OSError:  # the entry is in the log: the full segment goes on, and the next entry tries again
            self._segment = full
            return
        os.fdatasync(handle)
        os.close(handle)

    def _cut_torn_line(self) -> Path | None:
        """A kill in the middle of a write leaves half a line: keep it beside the segment and cut it off."""
        if not self._segment.exists():
            return None
        data = self._segment.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole == len(data):
            return None
        aside = self._segment.with_suffix(f".torn-{int(self.clock.time())}")
        atomic_write(aside, data[whole:], mode=0o600)
        os.truncate(self._segment, whole)
        return aside


def verify_folder(folder: Path, head_file: Path) -> AuditReport:
    """Verify a log that no room has open, against the head kept outside it."""
    return _report(folder, head_file, None)


def _report(folder: Path, head_file: Path, newest: Head | None) -> AuditReport:
    """Walk the chain; `newest` is what this process last wrote, None where another process did."""
    began = time.monotonic()
    reached, problem = walk(folder, until=newest.n if newest else None)
    written = max(newest or Head(), read_head(head_file), key=lambda head: head.n)
    if not problem and reached.n < written.n:
        problem = f"the log ends at entry {reached.n}, but entry {written.n} was written"
    elif not problem and reached.n == written.n and reached.hash != written.hash:
        problem = f"entry {reached.n} is not the one that was written"
    return AuditReport(not problem, reached.n, reached.hash, problem, time.monotonic() - began)
