"""Tracebacks are found in what programs print: whole, once, whatever stands around them, and in bounded memory."""

import asyncio
import traceback
from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace_tui.kernel.printed import read
from grace_tui.kernel.tracebacks import HEAD_SIZE, TAIL_SIZE, Printed, TracebackFinder

E = TypeVar("E", bound=BaseException)


class Wrong(Exception):
    """Of this module, so that its print is qualified."""


def found_in(lines: Iterable[str]) -> list[Printed]:
    finder = TracebackFinder()
    found = [finder.feed(line) for line in lines]
    return [printed for printed in (*found, finder.finish()) if printed is not None]


def printed(error: BaseException) -> list[str]:
    return "".join(traceback.format_exception(error)).rstrip("\n").split("\n")


def raised(error: E, depth: int = 1) -> E:
    try:
        if depth:
            raised_deeper(error, depth - 1)
        raise error
    except BaseException as caught:
        if caught is not error:
            raise
    return error


def raised_deeper(error: BaseException, depth: int) -> None:
    if depth:
        raised_deeper(error, depth - 1)
    raise error


def leaf(error: BaseException) -> BaseException:
    """The first that is no cancellation, else the first: what the healing library takes for the failure."""
    leaves = list(leaves_of(error))
    return next((each for each in leaves if not isinstance(each, asyncio.CancelledError)), leaves[0])


def leaves_of(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves_of(inner)
    else:
        yield error


KINDS: tuple[type[BaseException], ...] = (ValueError, KeyError, Wrong, asyncio.CancelledError, SystemExit, TypeError)
MESSAGES = st.text(alphabet="ab '.:é\n", max_size=30).map(str.rstrip)


def alone(kind: type[BaseException], message: str, depth: int, was_raised: bool) -> BaseException:
    error = kind(message)
    return raised(error, depth) if was_raised else error


def chained(error: BaseException, before: BaseException, how: str) -> BaseException:
    if how == "cause":
        error.__cause__ = before
    else:
        error.__context__ = before
    return error


def grouped(errors: list[BaseException], was_raised: bool) -> BaseException:
    group = BaseExceptionGroup("several", errors)
    return raised(group) if was_raised else group


ERRORS = st.recursive(
    st.builds(alone, st.sampled_from(KINDS), MESSAGES, st.integers(0, 6), st.booleans()),
    lambda inner: (
        st.builds(chained, inner, inner, st.sampled_from(["cause", "context"]))
        | st.builds(grouped, st.lists(inner, min_size=1, max_size=3), st.booleans())
    ),
    max_leaves=6,
)
NOISE = st.lists(
    st.sampled_from(["GET / 200", "", "listening on :80", "  indented", "INFO:root:calm", "{}"]), max_size=4
)


@settings(max_examples=200, deadline=None)
@given(ERRORS, NOISE)
def test_what_python_prints_is_found_whole(error: BaseException, before: list[str]) -> None:
    error = raised(error)
    lines = printed(error)
    all_found = found_in([*before, *lines])
    assert len(all_found) == 1, "\n".join(lines)
    found = all_found[0]
    assert "\n".join(lines).endswith(found.text)  # of a first link that was never raised one line is seen at most
    assert found.kind == type(leaf(error)).__name__
    assert found.message.strip() == str(leaf(error)).strip()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.text(alphabet='T ab|+-:."F\n', max_size=20)
        | st.sampled_from(
            printed(raised(ExceptionGroup("g", [ValueError("v"), raised(KeyError("k"))])))
            + printed(raised(chained(ValueError("x"), raised(Wrong("y")), "cause")))
        )
    )
)
def test_whatever_is_printed_never_raises(lines: list[str]) -> None:
    for found in found_in(lines):
        assert found.kind
        assert read(found.text) is not None


SAMPLE = printed(raised(Wrong("boom")))


def test_a_traceback_ends_where_something_else_is_told() -> None:
    finder = TracebackFinder()
    for line in ["ERROR:root:it failed", *SAMPLE]:
        assert finder.feed(line) is None
    found = finder.feed("INFO:root:next")
    assert found == Printed("Wrong", "boom", "\n".join(SAMPLE))
    assert finder.finish() is None


def test_two_in_a_row_are_two() -> None:
    assert [found.message for found in found_in([*SAMPLE, *printed(raised(KeyError("k")))])] == ["boom", "'k'"]


def test_lines_of_others_in_between_are_left_out() -> None:
    mixed = [SAMPLE[0], "GET /a 200", *SAMPLE[1:3], "Done", "", *SAMPLE[3:]]
    (found,) = found_in(mixed)
    assert found.text.split("\n") == SAMPLE


def test_what_settles_has_no_doubtful_lines_and_what_finishes_has_all() -> None:
    message = ["1 validation error for Order", "total", "  Input should be a valid integer"]
    details = [*SAMPLE[:-1], f"pydantic.{message[0]}".replace("1 validation", "ValidationError: 1 validation")]
    finder = TracebackFinder()
    for line in [*details, "    at line 3", "served 20 requests"]:
        finder.feed(line)
    settled = finder.settle()
    assert settled is not None
    assert settled.message == "1 validation error for Order\n    at line 3"
    assert finder.settle() is None
    (finished,) = found_in([*details, *message[1:]])
    assert (finished.kind, finished.message) == ("ValidationError", "\n".join(message))


def test_what_a_program_goes_on_printing_is_no_message() -> None:
    (found,) = found_in([*SAMPLE, *["served a request"] * 200])
    assert found.message == "boom"


def test_half_a_traceback_is_none() -> None:
    assert found_in(SAMPLE[:-1]) == []
    assert found_in([*SAMPLE[:-1], *["GET / 200"] * 100]) == []


def test_colours_and_a_prefix_of_the_first_line_do_not_hide_one() -> None:
    coloured = [f"12:00:01 ERROR \x1b[31m{SAMPLE[0]}\x1b[0m", *(f"\x1b[1;35m{line}\x1b[0m" for line in SAMPLE[1:])]
    (found,) = found_in(coloured)
    assert (found.kind, found.message) == ("Wrong", "boom")
    assert "\x1b" not in found.text


def test_a_syntax_error_of_the_program_itself_has_no_header() -> None:
    lines = ['  File "/srv/app.py", line 3', "    def f(:", "          ^", "SyntaxError: invalid syntax"]
    (found,) = found_in(["starting", *lines])
    assert found == Printed("SyntaxError", "invalid syntax", "\n".join(lines))


NEWER = """\
Traceback (most recent call last):
  File "/srv/app.py", line 9, in <module>
    start(
    ~~~~~^
        colour="red",
        ^^^^^^^^^^^^^
    )
    ^
  File "/srv/app.py", line 4, in start
    return start(**more)
  [Previous line repeated 7 more times]
NameError: name 'sys' is not defined. Did you forget to import 'sys'?"""


def test_expressions_over_several_lines_repeated_frames_and_suggestions_are_read() -> None:
    (found,) = found_in(NEWER.split("\n"))
    assert found.message == "name 'sys' is not defined"
    error = read(found.text)
    assert error is not None
    assert [frame.function for frame in error.frames] == ["<module>", *["start"] * 8]
    assert error.frames[0].source == "start("


def recursive(number: int) -> int:
    return other(number + 1)


def other(number: int) -> int:
    return recursive(number + 1)


def test_a_recursion_is_held_in_bounded_memory() -> None:
    with pytest.raises(RecursionError) as caught:
        recursive(0)
    lines = printed(caught.value) * 1
    long = [lines[0], *lines[1:-1] * 20, lines[-1]]
    (found,) = found_in(long)
    assert found.kind == "RecursionError"
    assert len(found.text) < HEAD_SIZE + TAIL_SIZE + 1_000
    assert "lines left out]" in found.text
    error = read(found.text)
    assert error is not None
    assert {frame.function for frame in error.frames[-40:]} == {"recursive", "other"}


def test_groups_tell_of_their_first_failure() -> None:
    cancelled = asyncio.CancelledError()
    group = raised(BaseExceptionGroup("all", [cancelled, raised(ExceptionGroup("some", [raised(Wrong("boom"))]))]))
    (found,) = found_in([*printed(group), "INFO: next"])
    assert (found.kind, found.message) == ("Wrong", "boom")
    error = read(found.text)
    assert error is not None
    the_leaf, groups = error.leaf()
    assert [each.kind for each in groups] == ["BaseExceptionGroup", "ExceptionGroup"]
    assert the_leaf.frames[-1].function == "raised_deeper"


def test_a_chain_reads_from_the_first_to_the_last() -> None:
    def fail(kind: Callable[[str], BaseException], text: str, cause: BaseException | None) -> BaseException:
        return raised(chained(kind(text), cause, "cause") if cause else kind(text))

    error = read("\n".join(printed(fail(Wrong, "last", fail(KeyError, "second", fail(ValueError, "first", None))))))
    assert error is not None
    assert [(link.kind, link.message) for link in error.chain()] == [("ValueError", "first"), ("KeyError", "'second'")]


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "Traceback (most recent call last):", '  File "a", line 1'])
def test_what_is_no_traceback_reads_as_none_or_as_a_bare_line(text: str) -> None:
    error = read(text)
    assert error is None or not error.frames
