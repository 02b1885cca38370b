"""sign: failures of well-known libraries that are the same to a person are the same to the room, and others are not."""

import pytest

from grace_tui.healing.incidents.signature import sign
from tests.healing.incidents.signature.table import Pair, pairs

PAIRS = tuple(pairs())


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.why for pair in PAIRS])
def test_a_pair_is_the_same_or_not_as_the_table_says(pair: Pair) -> None:
    one, other = sign(pair.one), sign(pair.other)
    assert (one.strict == other.strict) is pair.same, (one.parts, other.parts)


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.same], ids=lambda pair: pair.why)
def test_what_is_the_same_is_the_same_for_budgets_too(pair: Pair) -> None:
    assert sign(pair.one).coarse == sign(pair.other).coarse


def test_the_table_is_long_and_says_each_thing_once() -> None:
    assert len(PAIRS) >= 100
    assert len({pair.why for pair in PAIRS}) == len(PAIRS)
