"""The walk over values: nothing of theirs is run, nothing grows without end, what may not be seen is not."""

import datetime
import enum
import time
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.healing.incidents.evidence.storage import stored
from grace_tui.healing.incidents.evidence.values import NODES, Group, Note, Walker
from grace_tui.healing.incidents.evidence.wording import VALUE_SHOWN, worded
from grace_tui.kernel.testing import ManualClock
from tests.healing.incidents.evidence.hostile import RUN, hostile_objects

MORE = len("… 99999999 more")
HOSTILE = hostile_objects()


def text_of(value: object, name: str = "") -> str:
    return worded(Walker().note(value, name))


def count(note: Note) -> int:
    if not isinstance(note, Group):
        return 1
    return 1 + sum(count(value) + (count(name) if name is not None else 0) for name, value in note.items)


class Colour(enum.Enum):
    RED = 1


class Place(NamedTuple):
    x: int
    y: int


@dataclass
class Order:
    number: int
    api_token: str = "abc"


@dataclass(slots=True)
class Slotted:
    first: int = 1
    last: object = None


class Plain(msgspec.Struct):
    size: int = 3


class Computed:
    def __init__(self) -> None:
        self.stored = 1

    @property
    def computed(self) -> int:
        raise AssertionError("a property was asked")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "None"),
        (True, "True"),
        (12, "12"),
        (1.5, "1.5"),
        ("it's\n", '"it\'s\\n"'),
        (b"\x00a", r"b'\x00a'"),
        ([1, [2, (3,)]], "[1, [2, (3,)]]"),
        ({"a": {1}, 2: ()}, "{'a': {1}, 2: ()}"),
        (set(), "set()"),
        (frozenset([1]), "frozenset({1})"),
        (deque([1]), "deque([1])"),
        (defaultdict(int, a=1), "defaultdict({'a': 1})"),
        (OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (list(range(12)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …]"),
        (10**200, "<int of 665 bits>"),
        (Colour.RED, "Colour.RED"),
        (Place(1, 2), "Place((1, 2))"),
        (Order(7), "Order(number=7, api_token=[redacted])"),
        (Slotted(), "Slotted(first=1, last=None)"),
        (Plain(), "Plain(size=3)"),
        (Computed(), "Computed(stored=1)"),
        (KeyError("x"), "KeyError(args=('x',))"),
        (Decimal("1.50"), "Decimal('1.50')"),
        (Path("/tmp/a"), "Path('/tmp/a')"),
        (datetime.datetime(2025, 11, 15, 8, tzinfo=datetime.UTC), "<datetime 2025-11-15T08:00:00+00:00>"),
        (datetime.date(2025, 11, 15), "<date 2025-11-15>"),
        (text_of, "<function text_of>"),
        ("".join, "<function str.join>"),
        (Order, "<class Order>"),
        (time, "<module time>"),
        (object(), "<object>"),
    ],
)
def test_a_value_reads_much_like_its_repr(value: object, expected: str) -> None:
    assert text_of(value) == expected


def test_a_cycle_ends_where_it_closes() -> None:
    one: list[Any] = [1]
    one.append({"again": one})
    assert text_of(one) == "[1, {'again': <the list around this>}]"


def test_what_is_met_twice_costs_once() -> None:
    many = Walker()
    shared = [list(range(8)) for _ in range(8)]
    many.note(shared)
    once = many.left
    assert [many.note(shared) for _ in range(20)][-1] == Walker().note(shared)
    assert once - many.left == 20


@pytest.mark.parametrize("name", ["password", "DB_PASSWD", "auth_token", "client_secret", "cookies", "signing_key"])
def test_what_is_named_a_secret_is_not_looked_at(name: str) -> None:
    assert text_of({"x": ["hunter2"]}, name) == "[redacted]"
    assert text_of({name: "hunter2"}) == f"{{'{name}': [redacted]}}"
    assert text_of(None, name) == "None"


def test_a_key_is_shown_where_it_is_an_entrys_name_and_hidden_where_it_is_material() -> None:
    assert text_of("price", "key") == "'price'"
    assert text_of("0123456789abcdef", "key") == "[redacted]"
    assert text_of(b"0123456789abcdef", "public_key") == "[redacted]"


def test_what_follows_a_secrets_name_in_a_sequence_is_hidden() -> None:
    assert text_of(["serve", "--token", "hunter2", "-v"]) == "['serve', '--token', [redacted], '-v']"
    assert text_of([(b"authorization", b"Basic aaaa")]) == "[(b'authorization', [redacted])]"


def test_secrets_in_texts_are_redacted_before_the_text_is_cut() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIE" * 2000
    assert "MIIE" not in text_of(key)
    assert "MIIE" not in text_of(key.encode())
    assert text_of("postgres://me:hunter2@host/db") == "'postgres://me:[redacted]@host/db'"


def test_control_characters_of_a_text_are_shown_and_not_obeyed() -> None:
    assert text_of("\x1b[31m") == r"'\x1b[31m'"


def test_an_unfilled_slot_and_a_computed_name_are_not_stored() -> None:
    assert stored(Computed(), "stored") == 1
    assert stored(Computed(), "computed") is None
    assert stored(Slotted.__new__(Slotted), "first") is None


# ---- whatever the values are


@dataclass(frozen=True)
class Stand:
    """Stands for a hostile object until the value is made: hypothesis asks its values what they are."""

    which: int


def inhabited(value: Any) -> Any:
    """The value with hostile objects in their places."""
    if isinstance(value, Stand):
        return HOSTILE[value.which]
    if isinstance(value, list | tuple | deque):
        return type(value)(map(inhabited, value))
    if isinstance(value, dict):
        return {key: inhabited(item) for key, item in value.items()}
    if isinstance(value, Slotted):
        value.last = inhabited(value.last)
    return value


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3_000),
    st.binary(max_size=3_000),
    st.sampled_from(range(len(HOSTILE))).map(Stand),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=30),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=8), inner, max_size=30),
        st.lists(inner, max_size=30).map(deque),
        st.builds(Slotted, last=inner),
    ),
    max_leaves=60,
)


@given(value=values, name=st.text(max_size=12))
def test_nothing_of_any_value_is_run_and_no_note_is_larger_than_its_bounds(value: object, name: str) -> None:
    value = inhabited(value)
    RUN.clear()
    walker = Walker()
    note = walker.note(value, name)
    text = worded(note)
    assert RUN == []
    assert len(text) <= VALUE_SHOWN + MORE
    assert count(note) <= 12 * NODES


@pytest.mark.parametrize("which", range(len(HOSTILE)))
def test_a_hostile_object_is_shown_by_its_type_or_what_is_stored(which: int) -> None:
    value = HOSTILE[which]
    RUN.clear()
    text = text_of([value, {"a": value}, (value,)])
    assert RUN == []
    assert text.startswith("[")
    assert text.endswith("]")


def test_a_dictionary_with_hostile_keys_is_walked_without_asking_them() -> None:
    class Key:
        asked = 0

        def __hash__(self) -> int:
            Key.asked += 1
            return hash("__name__")

        def __eq__(self, other: object) -> bool:
            Key.asked += 1
            return False

    mapping = {Key(): 1}
    Key.asked = 0
    assert "Key" in text_of(mapping)
    assert Key.asked == 0


def test_huge_containers_cost_no_more_than_small_ones() -> None:
    huge = {"many": list(range(1_000_000)), "text": "x" * 10_000_000, "deep": [[[[[[1]]]]]]}
    walker = Walker()
    text = worded(walker.note(huge))
    assert NODES - walker.left < 30
    assert "… 9999760 more" in text
    assert "[[<list>]]" in text


def test_what_the_core_gives_to_every_kernel_is_told_by_its_type_inside_of_a_kernel() -> None:
    clock = ManualClock()
    assert text_of(clock).startswith("ManualClock(now=1000.0")
    assert text_of(Slotted(last=clock)) == "Slotted(first=1, last=<ManualClock>)"


def test_a_budget_that_is_spent_leaves_the_types() -> None:
    walker = Walker(nodes=3)
    assert worded(walker.note([[1], [2], [3]])) == "[[1], <list>, <list>]"
