"""The lines of the audit log: how one is sealed, and the walk that verifies them all. Pure reading, any thread."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write
from grace_tui.kernel.records import AuditEntry

encode = msgspec.json.Encoder(enc_hook=str, order="sorted").encode


class Line(msgspec.Struct):
    """One line on disk."""

    n: int
    at: float
    previous: str
    record: dict[str, object]
    hash: str


class Head(msgspec.Struct):
    """The last entry that was made durable, kept outside the log: what a truncated tail is found out by."""

    n: int = 0
    hash: str = ""


decode = msgspec.json.Decoder(Line).decode


def seal(number: int, at: float, previous: str, record: Mapping[str, object]) -> str:
    """SHA-256 over an entry and the hash of the one before."""
    return hashlib.sha256(encode([number, at, previous, record])).hexdigest()


def segments(folder: Path) -> list[Path]:
    """The log's files, oldest first."""
    return sorted(folder.glob("audit-*.jsonl"))


def raw_lines(segment: Path) -> Iterator[bytes]:
    with segment.open("rb") as file:
        for raw in file:
            if raw.strip():
                yield raw


def readable_entries(segment: Path) -> Iterator[AuditEntry]:
    """Entries up to the first line that cannot be read."""
    for raw in raw_lines(segment):
        try:
            line = decode(raw)
        except msgspec.DecodeError:
            return
        yield AuditEntry(line.n, line.at, line.record, line.hash, line.previous)


def walk(folder: Path, until: int | None = None) -> tuple[Head, str]:
    """Follow the chain, to entry `until` or to the end; returns where it got and the first problem, if any."""
    at = Head()
    for segment in segments(folder):
        for raw in raw_lines(segment):
            problem = _problem(raw, at)
            if problem:
                return at, f"{segment.name}: {problem}"
            line = decode(raw)
            at = Head(line.n, line.hash)
            if line.n == until:
                return at, ""
    return at, ""


def read_head(path: Path) -> Head:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Head)
    except (FileNotFoundError, msgspec.DecodeError):
        return Head()


def write_head(path: Path, head: Head) -> None:
    atomic_write(path, msgspec.json.encode(head), mode=0o600)


def _problem(raw: bytes, before: Head) -> str:
    try:
        line = decode(raw)
    except msgspec.DecodeError as error:
        return f"the line after entry {before.n} cannot be read: {error}"
    if line.n != before.n + 1:
        return f"entry {line.n} follows entry {before.n}"
    if line.previous != before.hash:
        return f"entry {line.n} is not sealed over entry {before.n}"
    if line.hash != seal(line.n, line.at, line.previous, line.record):
        return f"entry {line.n} was changed"
    return ""
