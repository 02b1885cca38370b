"""sign: the same failure has the same signature everywhere, and another failure has another."""

import re
import string
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.incidents.signature import sign
from tests.healing.incidents.workshop import failure_of, load

OWN = (Frame("kernels/agent.py", True, "Agent.start", 10), Frame("kernels/log.py", True, "Log.append", 20))


def fails(message: str, kind: str = "ValueError", frames: tuple[Frame, ...] = OWN, kernel: str = "agent") -> Failure:
    return Failure(kernel, "run", kind, message, frames)


SAME = [
    pytest.param("no beat for 30 s", "no beat for 31.25 s", id="durations"),
    pytest.param("took 12ms", "took 1,450 ms", id="durations-without-space"),
    pytest.param("task 17 failed", "task 4711 failed", id="numbers"),
    pytest.param("balance is 3", "balance is -2.5e-07", id="signs-and-exponents"),
    pytest.param("<Log object at 0x7f01aa>", "<Log object at 0x55d2bc0190>", id="addresses"),
    pytest.param(
        "job 0b7c1de2-4a7e-4b5a-9f3d-2f1f0a9f3c11 is gone",
        "job 9a3b1de2-4a7e-4b5a-9f3d-aaaa0a9f3c11 is gone",
        id="uuids",
    ),
    pytest.param("commit 8f1a2913 is bad", "commit ee854d96 is bad", id="hashes"),
    pytest.param("commit 12345678 is bad", "commit ee854d96 is bad", id="a-hash-of-digits"),
    pytest.param("at 2025-11-15T08:29:04Z it broke", "at 2026-01-01 23:00:59.125+01:00 it broke", id="date-times"),
    pytest.param("at 08:29:04 it broke", "at 23:11:59.7 it broke", id="times"),
    pytest.param("cannot reach 10.0.0.1:5432", "cannot reach 192.168.1.77:5433", id="ip-addresses"),
    pytest.param("cannot reach db1.example.com", "cannot reach db2.example.org:99", id="hosts"),
    pytest.param("cannot reach fe80::1ff:fe23:4567:890a now", "cannot reach 2001:db8::1 now", id="ipv6"),
    pytest.param("GET http://a/b?c=1 failed", "GET https://d.e:80/f failed", id="urls"),
    pytest.param("No such file: '/tmp/tmpab12cd34/x.txt'", "No such file: '/home/me/my data/x.txt'", id="paths"),
    pytest.param("cannot open /var/lib/a.db: locked", "cannot open /srv/b/c.db: locked", id="unquoted-paths"),
    pytest.param(r"No such file: 'C:\\Users\\a\\x'", "No such file: '/tmp/x'", id="windows-paths"),
    pytest.param("folder tmpab12cd34 is gone", "folder tmpzz_9x1y2 is gone", id="temporary-names"),
    pytest.param("I-20261123-0001-k3f9 is open", "I-20261201-0417-9z7a is open", id="incident-ids"),
    pytest.param("unknown keys {'a', 'b', 'c'}", "unknown keys {'c', 'a', 'b'}", id="order-of-a-set"),
    pytest.param(
        "cannot import name 'x' from 'kernels.models' (kernels/models/__init__.py)",
        "cannot import name 'x' from 'kernels.models' (/srv/room/kernels/models/__init__.py)",
        id="place-of-a-module",
    ),
    pytest.param(
        "f() got an unexpected keyword argument 'siez'",
        "f() got an unexpected keyword argument 'siez'. Did you mean 'size'?",
        id="suggestions-of-newer-pythons",
    ),
    pytest.param(
        "Can't instantiate abstract class A with abstract method go",
        "Can't instantiate abstract class A without an implementation for abstract method 'go'",
        id="abstract-classes",
    ),
    pytest.param(
        "too many values to unpack (expected 2)", "too many values to unpack (expected 2, got 3)", id="unpacking"
    ),
    pytest.param("mail to a.b@example.com bounced", "mail to c@other.org bounced", id="mail-addresses"),
    pytest.param("'one two, three' is no date", "'four five; six' is no date", id="quoted-prose"),
    pytest.param("'abc' is no date", "'def' is no date", id="quoted-words"),
    pytest.param("bad User(name='alice')", "bad User(name='bob')", id="values-of-a-repr"),
    pytest.param("weights [1, 2, 3]", "weights [0.5, 7]", id="how-many-numbers"),
    pytest.param("choices ['a', 'b']", "choices ['c', 'd', 'e']", id="how-many-values"),
    pytest.param("took 5m30s", "took 1h2m3s", id="durations-of-parts"),
    pytest.param("uptime 3 days, 4:05:06", "uptime 0:00:01", id="long-durations"),
    pytest.param("read 512 MiB", "read 1.5 GB", id="sizes"),
    pytest.param("the 3rd try", "the 21st try", id="ordinals"),
    pytest.param("since Mon, 23 Nov 2026 08:49:37 GMT", "since Tue, 24 Nov 2026 18:00:00 GMT", id="mail-dates"),
    pytest.param("[23/Nov/2026:08:49:37 +0000] bad", "[24/Dec/2026:18:00:00 +0100] bad", id="web-log-dates"),
    pytest.param(
        "trace 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        id="traceparents",
    ),
    pytest.param("in kernels/a.py:12 it broke", "in kernels/a.py:311 it broke", id="lines-of-the-project"),
    pytest.param("KeyErrors say 'no such user 17'", "KeyErrors say 'no such user 18'", id="prose-in-quotes"),
    pytest.param("Thread-5 died", "Thread-12 died", id="numbered-names"),
]

NOT_SAME = [
    pytest.param("unexpected keyword argument 'subsystem'", "unexpected keyword argument 'payload'", id="quoted-names"),
    pytest.param("no name in 'kernels.models'", "no name in 'kernels.tables'", id="dotted-names"),
    pytest.param("Log.append() refused", "Log.search() refused", id="functions"),
    pytest.param("cannot open", "cannot close", id="words"),
    pytest.param("argument 'arg_1' is missing", "argument 'arg_2' is missing", id="numbered-identifiers"),
    pytest.param("codec 'utf8' is unknown", "codec 'utf16' is unknown", id="names-with-digits"),
    pytest.param("unknown kernel 'governance'", "unknown kernel 'sandbox'", id="quoted-names-of-things"),
    pytest.param("'colour' is an unknown setting", "'size' is an unknown setting", id="things-named-first"),
    pytest.param("run('a') failed", "stop('a') failed", id="calls"),
    pytest.param("bad file 'kernels/a.py'", "bad file 'kernels/b.py'", id="files-of-the-project"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_messages_that_say_the_same_are_the_same(one: str, other: str) -> None:
    assert sign(fails(one)) == sign(fails(other))


@pytest.mark.parametrize(("one", "other"), NOT_SAME)
def test_messages_that_say_something_else_are_not(one: str, other: str) -> None:
    assert sign(fails(one)).strict != sign(fails(other)).strict


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(fails("m", kind="KeyError"), id="type"),
        pytest.param(fails("m", frames=OWN[:1]), id="a-frame-less"),
        pytest.param(fails("m", frames=(OWN[0], replace(OWN[1], function="Log.search"))), id="function"),
        pytest.param(fails("m", frames=(OWN[0], replace(OWN[1], file="kernels/log2.py"))), id="file"),
        pytest.param(fails("m", frames=()), id="no-frames"),
    ],
)
def test_another_type_or_path_through_the_code_is_another_failure(other: Failure) -> None:
    assert sign(fails("m")).strict != sign(other).strict


FOREIGN = Frame("/usr/lib/python3.11/asyncio/runners.py", False, "run", 5)
CORE = Frame("grace_tui/kernel/handle.py", True, "Handle.__getattr__.<locals>.call", 26)
COMPREHENSION = Frame("kernels/log.py", True, "Log.append.<locals>.<listcomp>", 21)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param((FOREIGN, *OWN, FOREIGN), id="library-frames"),
        pytest.param((OWN[0], CORE, OWN[1], CORE), id="the-cores-frames"),
        pytest.param((*OWN, COMPREHENSION), id="comprehensions-are-frames-in-3.11-only"),
        pytest.param((OWN[0], OWN[1], OWN[0], OWN[1]), id="recursion"),
        pytest.param((OWN[0], *[OWN[1]] * 60), id="deep-recursion"),
        pytest.param(tuple(replace(frame, source="changed") for frame in OWN), id="source-text"),
    ],
)
def test_frames_that_do_not_matter_change_nothing(frames: tuple[Frame, ...]) -> None:
    assert sign(fails("m", frames=frames)) == sign(fails("m"))


def test_phase_time_and_kernel_do_not_count_where_there_are_frames() -> None:
    assert sign(replace(fails("m"), phase="load", at=99.0, kernel="other")) == sign(fails("m"))


def test_without_frames_the_kernel_tells_failures_apart() -> None:
    one, other = (sign(fails("no beat", frames=(), kernel=name)) for name in ("governance", "sandbox"))
    assert one.strict != other.strict
    assert one.strict.startswith("valueerror-governance-")


def test_where_the_stack_ran_out_is_chance(tmp_path: Path) -> None:
    source = "def deep(n):\n    return other(n)\n\ndef other(n):\n    return deep(n + 1)\n"
    endless = load(tmp_path, "kernels/endless.py", source)
    signatures = {sign(failure_of(tmp_path, lambda start=start: indirectly(start, endless))) for start in (0, 1, 2, 3)}  # type: ignore[misc]
    assert len(signatures) == 1


def indirectly(depth: int, module: object) -> object:
    return indirectly(depth - 1, module) if depth else module.deep(0)  # type: ignore[attr-defined]


def test_the_coarse_signature_forgets_the_text_and_the_way_in() -> None:
    one = sign(fails("f() got an unexpected keyword argument 'subsystem'"))
    other = sign(fails("no room for user alice", frames=OWN[1:]))
    assert one.coarse == other.coarse
    assert one.strict != other.strict
    assert sign(fails("m", frames=OWN[:1])).coarse != one.coarse
    assert sign(fails("m", kind="KeyError")).coarse != one.coarse


def test_without_frames_the_coarse_signature_goes_by_what_is_said_but_for_its_values() -> None:
    one, other, third = (sign(fails(text, "KeyError", frames=())) for text in ("key 'a'", "key 'b'", "no key"))
    assert one.coarse == other.coarse != third.coarse
    assert one.strict != other.strict


def test_a_signature_says_what_it_left_out_and_why() -> None:
    frames = (FOREIGN, CORE, Frame("kernels/__main__.py", True, "<module>", 1), *OWN, COMPREHENSION)
    message = "3 of 4 files are gone: '/srv/a', '/srv/b' (12 ms)" + "\nline" * 20
    signature = sign(replace(fails(message, frames=frames), chain=(("CancelledError", ""),)))
    assert signature.left_out == (
        "1 frame outside the project",
        "1 frame of the core that runs the kernels",
        "1 frame of a function that is there already (recursion, or a scope without a name)",
        "1 frame of a script's own lines: how a program was started is its host's business",
        "cancellation in the chain: how a timeout is carried",
        "values in the message: duration 1x, n 2x, path 2x",
        "lines of the message after the first 10",
        "lines, source text, times and the phase never count",
    )


def test_a_signature_shows_its_parts_in_their_normal_form() -> None:
    failure = replace(fails("order 17 cannot be read"), chain=(("KeyError", "'alice'"),))
    assert sign(failure).parts == (
        "type ValueError",
        "message order <n> cannot be read",
        "cause KeyError: '<value>'",
        "at kernels/agent.py Agent.start",
        "at kernels/log.py Log.append",
    )


def test_the_signatures_that_fixes_were_learned_under_stay() -> None:
    keyword = fails("ImmutableLog.append() got an unexpected keyword argument 'subsystem'", "TypeError", OWN[:1])
    export = fails("cannot import name 'async_session' from 'kernels.models'", "ImportError", MODULE)
    assert sign(keyword).strict == "typeerror-agent-81ab463fe6be"
    assert sign(export).strict == "importerror-governance-8e52cef369ee"


MODULE = (Frame("kernels/governance.py", True, "<module>", 3),)


def test_a_signature_can_name_a_file_and_explains_itself() -> None:
    signature = sign(fails("<b>/etc/passwd</b>", kind="Böse/Fehler", kernel="../../x"))
    assert re.fullmatch(r"[a-z0-9_.-]+", signature.strict)
    assert re.fullmatch(r"[a-z0-9_.-]+", signature.coarse)
    assert signature.parts[-1] == "at kernels/log.py Log.append"
    assert sign(fails("m", frames=(), kernel="../../x")).strict.startswith("valueerror-x-")


def test_a_signature_does_not_move_with_the_checkout_or_the_hash_seed(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from grace_tui.healing.incidents.signature import sign
from tests.healing.incidents.workshop import load, failure_of
root = Path(sys.argv[1])
source = "def go():\\n    raise KeyError({'a', 'b', 'c', 'd'}, str(__file__), object())\\n"
print(sign(failure_of(root, load(root, "kernels/a.py", source).go)))
"""
    seen = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / name)],
            capture_output=True, text=True, check=True,
            env={"PYTHONPATH": str(Path(__file__).parents[4]), "PYTHONHASHSEED": seed},
        ).stdout
        for name, seed in (("one", "1"), ("two/deeper", "2"))
    }  # fmt: skip
    assert len(seen) == 1


# ---- whatever the numbers, ids and places are


lines = st.integers(1, 100_000)
word = st.text(string.ascii_lowercase, min_size=1, max_size=8)
folder = st.lists(word, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))


@given(st.lists(st.tuples(lines, lines), min_size=1, max_size=5))
def test_renumbering_lines_changes_nothing(numbers: list[tuple[int, int]]) -> None:
    for first, second in numbers:
        moved = (replace(OWN[0], line=first), replace(OWN[1], line=second))
        assert sign(fails("m", frames=moved)) == sign(fails("m"))


@given(folder, folder)
def test_renaming_folders_outside_changes_nothing(one: str, other: str) -> None:
    text = "No such file or directory: '{0}/data.db' (while in {0}/run)"
    assert sign(fails(text.format(one))) == sign(fails(text.format(other)))


@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_changing_numbers_changes_nothing(one: int, other: int) -> None:
    text = "entry {0} of {0} failed: offset={0}, got [{0}, {0}] after {0} ms"
    assert sign(fails(text.format(one))) == sign(fails(text.format(other)))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_changing_fractions_changes_nothing(one: float, other: float) -> None:
    assert sign(fails(f"load is {one}, the limit")) == sign(fails(f"load is {other}, the limit"))


@given(st.uuids(), st.uuids())
def test_changing_ids_changes_nothing(one: object, other: object) -> None:
    text = "job {0} (key='{0}') failed"
    assert sign(fails(text.format(one))) == sign(fails(text.format(other)))


hexadecimal = st.text("0123456789abcdef", min_size=8, max_size=40)


@given(hexadecimal, hexadecimal)
def test_changing_hashes_and_addresses_changes_nothing(one: str, other: str) -> None:
    text = "<Log object at 0x{0}> at commit {0} is stale"
    assert sign(fails(text.format(one))) == sign(fails(text.format(other)))


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(1, 65_535))
def test_changing_hosts_changes_nothing(one: object, other: object, port: int) -> None:
    assert sign(fails(f"refused by {one}:{port}")) == sign(fails(f"refused by {other}"))


@given(st.floats(0, 1e6), st.sampled_from(["ns", "ms", " s", " seconds", "min", " h", " days"]))
def test_changing_durations_changes_nothing(value: float, unit: str) -> None:
    assert sign(fails(f"gave up after {value:.3f}{unit} of waiting")) == sign(fails("gave up after 1 s of waiting"))


@given(st.datetimes(), st.datetimes())
def test_changing_times_changes_nothing(one: object, other: object) -> None:
    assert sign(fails(f"not since {one} (UTC)")) == sign(fails(f"not since {other} (UTC)"))


temporary = st.text(string.ascii_lowercase + string.digits + "_", min_size=8, max_size=8)


@given(temporary, temporary, st.integers(1, 10**6), st.integers(1, 10**6))
def test_renaming_temporary_folders_changes_nothing(one: str, other: str, line: int, elsewhere: int) -> None:
    text = "cannot read /tmp/tmp{0}/a.json (also tmp{0}, '/var/folders/x/tmp{0}') at {1}"
    assert sign(fails(text.format(one, line))) == sign(fails(text.format(other, elsewhere)))


# ---- and what is broken always counts


name = st.from_regex(r"[a-z][a-z_]{2,12}[a-z]", fullmatch=True)
names = st.tuples(name, name).filter(lambda found: found[0] != found[1])


@given(names)
def test_changing_the_named_attribute_changes_the_signature(found: tuple[str, str]) -> None:
    one, other = (sign(fails(f"'Log' object has no attribute '{name}'", "AttributeError")) for name in found)
    assert one.strict != other.strict


@given(names)
def test_changing_the_named_parameter_changes_the_signature(found: tuple[str, str]) -> None:
    text = "Log.append() got an unexpected keyword argument '{}'"
    assert (
        sign(fails(text.format(found[0]), "TypeError")).strict != sign(fails(text.format(found[1]), "TypeError")).strict
    )


@given(names)
def test_changing_the_function_changes_both_signatures(found: tuple[str, str]) -> None:
    one, other = (sign(fails("m", frames=(OWN[0], replace(OWN[1], function=name)))) for name in found)
    assert one.strict != other.strict
    assert one.coarse != other.coarse


@given(names)
def test_changing_the_type_changes_both_signatures(found: tuple[str, str]) -> None:
    one, other = (sign(fails("m", kind=f"{name}Error")) for name in found)
    assert one.strict != other.strict
    assert one.coarse != other.coarse


@given(names)
def test_changing_the_type_of_a_cause_changes_the_strict_one_only(found: tuple[str, str]) -> None:
    one, other = (sign(replace(fails("m"), chain=((f"{name}Error", "x"),))) for name in found)
    assert one.strict != other.strict
    assert one.coarse == other.coarse


@given(st.text(), st.text())
def test_any_text_signs_and_signs_again_alike(message: str, kind: str) -> None:
    signature = sign(fails(message, kind=kind))
    assert signature == sign(fails(message, kind=kind))
    assert re.fullmatch(r"[a-z0-9_.-]+", signature.strict)
