"""Entries sealed and written to the audit log, made durable once a round as the room does once a second."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from grace_tui.runtime.audit import AuditChain
from grace_tui.runtime.clock import SystemClock
from tests.bench.rows import Group, Row

ENTRIES, ROUNDS = 2000, 10


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="grace-bench-") as name:
        chain = AuditChain(Path(name) / "audit", Path(name) / "head.json", SystemClock())
        try:
            rates = [_round(chain) for _ in range(ROUNDS + 1)][1:]
            began = time.perf_counter()
            report = chain.verify()
            verified = report.entries / (time.perf_counter() - began)
        finally:
            chain.close()
    yield Row("audit_append", "audit appends, one sync a round", "/s", rates, better="more")
    yield Row("audit_verify", "audit entries verified", "/s", [verified], better="more")


def _round(chain: AuditChain) -> float:
    began = time.perf_counter()
    for number in range(ENTRIES):
        chain.append({"actor": "bench", "action": "bench.done", "resource": "bench", "payload": {"number": number}})
    chain.sync()
    return ENTRIES / (time.perf_counter() - began)


GROUP = Group(("audit_append", "audit_verify"), measure)
