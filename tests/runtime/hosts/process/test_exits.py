"""Words for the ends of processes, and the stacks that they print last."""

import pytest

from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.process.exits import Exit, ProcessDied, words
from grace_tui.runtime.hosts.process.fatal import FatalError


@pytest.mark.parametrize(
    ("end", "limits", "said"),
    [
        (Exit(0), Limits(), "exit code 0"),
        (Exit(3), Limits(), "exit code 3"),
        (Exit(-11), Limits(), "killed by SIGSEGV"),
        (Exit(-9), Limits(), "killed by SIGKILL"),
        (Exit(-9, True, rss_bytes=512_000_000), Limits(), "killed by SIGKILL (out of memory; it held up to 512 MB)"),
        (Exit(-15, True), Limits(), "killed by SIGTERM"),
        (Exit(-24), Limits(cpu_seconds=10), "used its 10 s of CPU time"),
        (Exit(-24), Limits(), "killed by SIGXCPU"),
        (Exit(-9, cpu_seconds=10.9), Limits(cpu_seconds=10), "used its 10 s of CPU time"),
        (Exit(-9, cpu_seconds=1.0), Limits(cpu_seconds=10), "killed by SIGKILL"),
        (Exit(-9, note="the room is closing"), Limits(), "the room is closing"),
        (Exit(-99), Limits(), "killed by signal 99"),
    ],
)
def test_an_end_has_words(end: Exit, limits: Limits, said: str) -> None:
    assert words(end, limits) == said
    died = ProcessDied("calm", end, limits)
    assert (died.code, died.reason, str(died)) == (end.code, said, f"the process of calm ended: {said}")


FATAL = """\
something before
Fatal Python error: Segmentation fault

Current thread 0x00007f0a (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "/w/kernels/told.py", line 18 in act
  File "/w/kernels/told.py", line 15 in run

Extension modules: msgspec._core (total: 1)
"""


def test_the_stack_of_a_fatal_error_becomes_a_traceback() -> None:
    fatal = FatalError()
    for line in FATAL.splitlines():
        fatal.line(line)
    assert fatal.printed("ProcessDied", "killed") == (
        "Traceback (most recent call last):\n"
        '  File "/w/kernels/told.py", line 15, in run\n'
        '  File "/w/kernels/told.py", line 18, in act\n'
        '  File "/usr/lib/python3.11/ctypes/__init__.py", line 519, in string_at\n'
        "ProcessDied: killed\n"
    )


def test_without_a_fatal_error_there_is_no_traceback() -> None:
    fatal = FatalError()
    fatal.line('  File "/w/kernels/told.py", line 15 in run')
    assert fatal.printed("ProcessDied", "killed") == ""
