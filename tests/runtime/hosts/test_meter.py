"""What process trees use, and which processes belong to whom: on made-up tables, and on real processes."""

import os
import subprocess
import sys

import pytest

from grace_tui.runtime.hosts.meter import Process, TreeMeter, all_processes, families, from_psutil

SPIN = """import time
while time.process_time() < 0.2: pass
print(flush=True)
input()"""


def process(pid: int, parent: int, session: int, state: str = "S") -> Process:
    return Process(pid, parent, session, session, 1.0, 0.0, 100, state)


def test_a_family_is_the_session_and_all_who_descend_from_it() -> None:
    table = [
        process(1, 0, 1),
        process(10, 1, 10),
        process(11, 10, 10),
        process(12, 1, 10),  # lost its parent, kept the session
        process(13, 11, 13),  # left the session, kept its parents
        process(14, 13, 13),
        process(15, 10, 10, "Z"),
        process(20, 10, 20),  # a program of its own
        process(21, 20, 20),
        process(30, 1, 30),
    ]
    found = families({entry.pid: entry for entry in table}, [10, 20, 99])
    assert {root: sorted(entry.pid for entry in tree) for root, tree in found.items()} == {
        10: [10, 11, 12, 13, 14],
        20: [20, 21],
        99: [],
    }


def test_both_ways_to_read_the_processes_see_the_same() -> None:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        ours, theirs = all_processes()[child.pid], from_psutil()[child.pid]
        assert (ours.parent, ours.group, ours.session) == (theirs.parent, theirs.group, theirs.session)
        assert (ours.parent, ours.session) == (os.getpid(), child.pid)
        assert theirs.rss == pytest.approx(ours.rss, rel=0.5)
    finally:
        child.kill()
        child.wait()


def test_a_busy_tree_is_measured_and_an_idle_one_is_not_charged() -> None:
    meter = TreeMeter(period=60.0)
    busy = subprocess.Popen(
        ["sh", "-c", f"{sys.executable} -S -c '{SPIN}'; true"],
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    idle = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        meter.watch(busy.pid)
        meter.watch(idle.pid)
        assert busy.stdout is not None
        busy.stdout.readline()
        meter.look()
        found, quiet = meter.vitals(busy.pid), meter.vitals(idle.pid)
        assert found is not None
        assert quiet is not None
        assert found.processes == 2
        assert found.cpu_percent > 10
        assert quiet.cpu_percent < 10
        assert found.rss_bytes > quiet.rss_bytes > 0
        meter.look()
        again = meter.vitals(busy.pid)
        assert again is not None
        assert again.rss_bytes > 0
    finally:
        meter.forget(busy.pid)
        meter.forget(idle.pid)
        for child in (busy, idle):
            os.killpg(child.pid, 9)
            child.communicate()
    assert meter.vitals(busy.pid) is None


def test_a_tree_that_has_ended_is_not_measured_any_more() -> None:
    meter = TreeMeter(period=60.0)
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    meter.watch(child.pid)
    child.kill()
    child.wait()
    meter.look()
    assert meter.vitals(child.pid) is None


def test_the_meters_thread_ends_with_the_last_who_is_watched() -> None:
    meter = TreeMeter(period=60.0)
    meter.watch(os.getpid())
    thread = meter._thread
    assert thread is not None
    assert thread.is_alive()
    meter.forget(os.getpid())
    thread.join(10)
    assert not thread.is_alive()
