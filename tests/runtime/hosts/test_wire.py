"""What goes into the wire comes out of it: values, records, exceptions; what cannot travel is named."""

import collections
import dataclasses
import enum
import threading
import types
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.kernel import (
    Denied,
    Event,
    GraceError,
    KernelFailed,
    Message,
    NoReply,
    ProviderDown,
    RemoteFailure,
    Tick,
)
from grace_tui.kernel.testing import sample_incident, sample_kernel, sample_task
from grace_tui.runtime.hosts.frames import Frames, framed
from grace_tui.runtime.hosts.wire import BadFrame, CannotTravel, decode, encode, encode_words


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Open:
    x: int
    computed: int = dataclasses.field(init=False, default=0)

    def __post_init__(self) -> None:
        self.computed = self.x * 2


class Spot(NamedTuple):
    x: int
    y: int


class Row(msgspec.Struct, frozen=True):
    name: str
    parts: tuple[int, ...] = ()


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-3))) | st.just(ZoneInfo("Europe/Berlin")))
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.sampled_from([Colour.RED, Level.LOW, Path("/a/ü"), Tick(1.5), Spot(1, 2), Row("a", (1,)), Open(3)])
)
hashable = st.recursive(
    scalars.filter(lambda value: not isinstance(value, Open)), lambda inner: st.tuples(inner, inner)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(), inner)
        | st.dictionaries(hashable, inner)
        | st.frozensets(hashable)
        | st.sets(hashable)
        | st.builds(collections.deque, st.lists(inner), st.just(9))
        | st.builds(Message, st.text(), inner, st.text(), st.integers(0, 3))
    ),
    max_leaves=20,
)


def same(one: object, other: object) -> bool:
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple | collections.deque) and isinstance(other, list | tuple | collections.deque):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return (
            list(map(type, one)) == list(map(type, other))
            and one == other
            and all(map(same, one.values(), other.values()))
        )
    return one == other


@given(values)
def test_what_goes_in_comes_out(value: object) -> None:
    assert same(decode(encode(value)), value)


@given(st.lists(values, max_size=4), st.integers(1, 7))
def test_a_stream_is_cut_into_its_messages_however_it_arrives(sent: list[object], piece: int) -> None:
    stream = b"".join(framed(encode(value)) for value in sent)
    frames = Frames()
    bodies = [body for at in range(0, len(stream), piece) for body in frames.feed(stream[at : at + piece])]
    assert list(map(decode, bodies)) == sent


@given(st.binary())
def test_bytes_of_another_kind_are_refused_or_plain_data(data: bytes) -> None:
    try:
        found = decode(data)
    except BadFrame:
        return
    assert encode(found) is not None


def test_a_message_of_unheard_size_is_refused_before_it_is_there() -> None:
    with pytest.raises(BadFrame, match="the limit is"):
        list(Frames().feed(b"\xff\xff\xff\xff"))


@pytest.mark.parametrize(
    "record",
    [
        sample_kernel("a", vitals=None),
        sample_incident("I1", "a"),
        sample_task("T1", "a"),
        Tick(1.0),
        Message("t", [1], "a"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_the_records_of_the_core_arrive_as_themselves(record: object) -> None:
    assert same(decode(encode(record)), record)


def test_a_record_is_built_without_running_its_code() -> None:
    value = Open(3)
    value.computed = 1
    assert decode(encode(value)).computed == 1


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (type("Name", (str,), {})("x"), "x"),
        (bytearray(b"x"), b"x"),
        (PurePosixPath("/x"), Path("/x")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_relative_of_a_builtin_arrives_as_the_builtin(sent: object, arrives: object) -> None:
    assert same(decode(encode(sent)), arrives)


def _record_of(fields: dict[str, object], **namespace: object) -> Any:
    kind = dataclasses.make_dataclass("Plan", list(fields), frozen=True, namespace=namespace)
    kind.__module__, kind.__qualname__ = "kernels.elsewhere", "Spine.Plan"
    return kind(**fields)


def test_a_record_of_a_class_that_is_not_loaded_is_one_alike() -> None:
    first, second = (decode(encode(_record_of({"x": 1, "y": [2]}))) for _ in range(2))
    assert (first.x, first.y, repr(first)) == (1, [2], "Spine.Plan(x=1, y=[2])")
    assert first == second
    assert type(first) is type(second)
    assert first != decode(encode(_record_of({"x": 2, "y": [2]})))
    assert decode(encode(first)) == first
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.x = 2


def test_a_record_of_a_class_that_is_not_loaded_says_what_its_properties_said() -> None:
    record = _record_of({"x": 1}, double=property(lambda self: self.x * 2), broken=property(lambda self: 1 / 0))
    once = decode(encode(record))
    twice = decode(encode(once))
    assert (once.double, twice.double, repr(twice)) == (2, 2, "Spine.Plan(x=1)")
    assert once == twice
    assert not hasattr(once, "broken")


def test_an_event_of_a_class_that_is_not_loaded_is_still_an_event() -> None:
    kind = dataclasses.make_dataclass("Spoken", ["words"], bases=(Event,), frozen=True, namespace={"topic": "spoken"})
    kind.__module__ = "kernels.voice"
    assert isinstance(decode(encode(kind("hello"))), Event)


def test_a_record_of_another_version_of_its_class_keeps_its_own_fields() -> None:
    kind = dataclasses.make_dataclass("Open", ["x", "z"], frozen=True)
    kind.__module__ = Open.__module__
    found = decode(encode(kind(1, 2)))
    assert (found.z, type(found) is Open) == (2, False)


def test_a_class_is_looked_up_and_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trap_of_the_wire.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    kind = dataclasses.make_dataclass("Bait", ["x"])
    kind.__module__ = "trap_of_the_wire"
    assert decode(encode(kind(1))).x == 1


def test_only_records_and_errors_are_built_by_name() -> None:
    hostile = encode_words((1, 2), "x")
    assert decode(hostile) == [1, 2]
    body = msgspec.msgpack.encode([8, "os", "system", [], ["command"], {}, "echo"])
    assert decode(body).command == "echo"
    assert type(decode(body)).__module__ == "os"


class Odd:
    pass


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"items": [1, 2, 3, (n for n in "")]}, r"^result\['items'\]\[3\]: a generator cannot leave the process$"),
        (Tick(threading.Lock()), r"^result\.at: a lock cannot leave the process$"),  # type: ignore[arg-type]
        ([Odd()], r"^result\[0\]: an Odd cannot leave the process$"),
        (lambda: None, "^result: a function cannot leave the process$"),
        ({Odd: 1}, r"^result\.keys\(\): a type cannot leave the process$"),
    ],
)
def test_what_cannot_travel_is_named_with_its_place(value: object, words: str) -> None:
    with pytest.raises(CannotTravel, match=words):
        encode(value, "result")


def test_a_circle_is_refused() -> None:
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(CannotTravel, match="a list cannot leave the process"):
        encode(circle)


def test_for_a_log_words_stand_in_for_what_cannot_travel() -> None:
    assert decode(encode({"thing": Odd}, substitute=str)) == {"thing": str(Odd)}


ERRORS: list[Callable[[], BaseException]] = [
    lambda: ValueError("bad", 1),
    lambda: KeyError("name"),
    lambda: FileNotFoundError(2, "No such file", "/a"),
    lambda: UnicodeDecodeError("utf-8", b"x", 0, 1, "odd"),
    lambda: SystemExit(3),
    lambda: Denied("who", "act", "rule"),
    lambda: NoReply("topic", 2.0),
    lambda: ProviderDown("a", "b", "failed"),
    lambda: ExceptionGroup("two", [ValueError("a"), KeyError("b")]),
]


@pytest.mark.parametrize("make", ERRORS, ids=lambda make: type(make()).__name__)
def test_an_error_arrives_as_itself(make: Callable[[], BaseException]) -> None:
    sent, found = make(), decode(encode(make()))
    assert (type(found), str(found), repr(found)) == (type(sent), str(sent), repr(sent))
    mine = {name: value for name, value in vars(sent).items() if not name.startswith("_")}
    assert {name: vars(found)[name] for name in mine} == mine


def test_an_import_error_keeps_what_it_was_about() -> None:
    try:
        from os import no_such_name  # type: ignore[attr-defined]  # noqa: F401
    except ImportError as error:
        found = decode(encode(error))
    assert (found.name, found.path, str(found)) == ("os", error_path(), str(found))


def error_path() -> str:
    import os

    return os.__file__


def test_a_syntax_error_keeps_its_place() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile("a = = 1\n", "kernels/x.py", "exec")
    found = decode(encode(caught.value))
    assert (found.filename, found.lineno, found.text, str(found)) == ("kernels/x.py", 1, "a = = 1\n", str(caught.value))


def test_an_error_of_a_class_that_is_not_loaded_is_one_alike_below_its_nearest_base() -> None:
    kind = type("PortTaken", (GraceError,), {"__module__": "kernels.elsewhere"})
    error = kind("taken")
    vars(error)["port"] = 80
    found = decode(encode(error))
    assert isinstance(found, GraceError)
    assert (type(found).__name__, type(found).__module__, str(found), vars(found)["port"]) == (
        "PortTaken",
        "kernels.elsewhere",
        "taken",
        80,
    )
    assert type(found) is type(decode(encode(kind("again"))))


def test_an_error_brings_along_what_is_known_of_its_place() -> None:
    error = ValueError("bad")
    vars(error)["remote_failure"] = RemoteFailure("ValueError", "bad", described={"kind": "ValueError"}, printed="T\n")
    found = vars(decode(encode(error)))["remote_failure"]
    assert (found.kind, str(found), found.described, found.printed) == (
        "ValueError",
        "bad",
        {"kind": "ValueError"},
        "T\n",
    )


def test_an_error_with_a_part_that_cannot_travel_still_arrives() -> None:
    error = ValueError("bad", Odd)
    vars(error)["thing"] = threading.Lock()
    found = decode(encode(error))
    assert found.args == ("bad", str(Odd))
    assert "lock" in found.thing


def test_a_fact_with_a_live_error_arrives() -> None:
    found = decode(encode(KernelFailed("a", "run", 1.0, ValueError("bad"))))
    assert (found.kernel, repr(found.error)) == ("a", "ValueError('bad')")


def test_the_kinds_of_time_stay_apart() -> None:
    for value in (date(2025, 1, 1), datetime(2025, 1, 1), time(1, 2), timedelta(days=-1, microseconds=3)):
        assert same(decode(encode(value)), value)
    assert decode(encode([UUID(int=5), Decimal("1.50")])) == [UUID(int=5), Decimal("1.50")]
