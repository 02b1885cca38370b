"""What a signature costs: over the table of real failures, of a deep traceback that says much, and of hostile text."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature import sign
from tests.bench.rows import Group, Row
from tests.healing.incidents.signature.table import frames_of, pairs

TIMES = 40
SAID = 4_000
"""Characters that a capture keeps of a message."""
HOSTILE = ("1,", "'a' ", "a.", "::", "{'a', ", "input_value=", "12 ms ", "Error('")


def measure() -> Iterator[Row]:
    table = [failure for pair in pairs() for failure in (pair.one, pair.other)]
    deep = frames_of([f"app/module_{number}.py Class.function_{number}" for number in range(100)])
    text = " ".join(failure.message for failure in table)
    longest = [
        replace(table[0], message=text[start : start + SAID], frames=deep) for start in range(0, len(text), SAID)
    ]
    hostile = [replace(table[0], message=(piece * SAID)[:SAID]) for piece in HOSTILE]
    yield Row("sign", "signature, table of real failures", "ms", _timed(table), 1, 1)
    yield Row("sign_long", "signature, 100 frames and 4 kB of text", "ms", _timed(longest), 1, 2)
    yield Row("sign_hostile", "signature, text made to be dear", "ms", _timed(hostile), 1, 5)


def _timed(failures: Sequence[Failure]) -> list[float]:
    return [_once(failure) for _ in range(TIMES) for failure in failures]


def _once(failure: Failure) -> float:
    began = time.perf_counter()
    sign(failure)
    return (time.perf_counter() - began) * 1000


GROUP = Group(("sign", "sign_long", "sign_hostile"), measure)
