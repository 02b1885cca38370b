"""sign: no message, however built, costs more than its length."""

import time

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature import sign
from tests.healing.incidents.signature.table import frames_of, pairs

LONG = 4_000
BOUND = 0.25
"""Seconds of this thread's own computing: what other threads and programs do meanwhile is not counted."""

PIECES = [
    *("1", "_", "-", ".", "/", "\\", ":", "'", '"', "`", "<", "(", ")", "["),
    *("1,", "1, ", "1.", "1-", "1:", "1_", "1e+", "0x", "0b1 ", "a1b2", "x1", "/a", "a.", "a-", "a:1", "ab:", "::"),
    *("a@", "a@b.", "://", "http://", "''", "'a", "'a' ", "'a', ", "{'", "{'a', ", "<a ", "<n>", "<n>,", "(a/", "(("),
    *("\n", " ", "\t", "é", "\U0001f600", "tmp", "tmpabcdefgh", "Mon ", "23 Nov ", "2026-11-23", "08:49:37"),
    *("2026-11-23T08:49:37", "1.1.1.1", "fe80::", "12 ms ", "5m30s", "Error(", "XError('", "=URL('", ")=(", " ssl:<"),
    *("abstract class a with abstract methods ", ". Did you mean: ", " you mean you forget ", "Command '['a' "),
    *("Connect call failed (", "Connect call failed, ", "Multiple exceptions: [Errno 1] ", "[parameters: "),
    *("expected a nonnegative input, got ", " is not in list", "type object '", "attribute lookup a on "),
    *("Can't pickle local object ", "'a' object does not support the context manager ", "format requires"),
    *("a" * 63 + ".", "argument 'a' ", "input_value="),
]


@pytest.mark.parametrize("piece", PIECES, ids=repr)
@pytest.mark.parametrize("ending", ["", "!", "'x"], ids=["", "broken", "quoted"])
def test_a_hostile_message_is_signed_in_no_time(piece: str, ending: str) -> None:
    text = (piece * (LONG // len(piece) + 1))[:LONG] + ending
    for message in (text, text[:1_190] + ending):
        chain = (("KeyError", message),) * 10
        failure = Failure("k", "run", "ValueError", message, frames_of(["app/a.py go"]), chain)
        began = time.thread_time()
        sign(failure)
        assert time.thread_time() - began < BOUND


def test_a_deep_traceback_and_a_long_message_are_signed_in_no_time() -> None:
    frames = frames_of([f"app/module_{number}.py Class.function_{number}" for number in range(100)])
    message = " ".join(pair.one.message for pair in pairs())[:LONG]
    began = time.thread_time()
    sign(Failure("k", "run", "ValueError", message, frames))
    assert time.thread_time() - began < BOUND
