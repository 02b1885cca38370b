"""Prints while screens are open."""

import sys
import threading

from grace_tui.faces.remote.stdio import printing_to


def test_lines_are_gathered_per_stream_and_thread() -> None:
    lines: list[tuple[str, str]] = []

    def gather(stream: str, line: str) -> None:
        lines.append((stream, line))

    with printing_to(gather):
        print("half ", end="")
        thread = threading.Thread(target=print, args=("of another",))
        thread.start()
        thread.join()
        print("and half")
        print("two\nlines", file=sys.stderr)
    assert lines == [("stdout", "of another"), ("stdout", "half and half"), ("stderr", "two"), ("stderr", "lines")]


def test_a_sink_that_prints_does_not_hear_itself() -> None:
    lines: list[str] = []

    def sink(_stream: str, line: str) -> None:
        lines.append(line)
        print("again")

    with printing_to(sink):
        print("once")
    assert lines == ["once"]


def test_a_line_without_end_is_passed_on_in_pieces() -> None:
    lines: list[str] = []
    with printing_to(lambda _, line: lines.append(line)):
        print("x" * 9000, end="")
        assert lines == ["x" * 9000]
        assert not sys.stdout.isatty()


def test_a_stream_that_was_replaced_meanwhile_is_left_alone() -> None:
    before = sys.stdout
    with printing_to(lambda *_: None):
        stand_in = sys.stdout
        sys.stdout = before
        with printing_to(lambda *_: None):
            assert sys.stdout is not before
        assert sys.stdout is before
    assert sys.stdout is before is not stand_in
