"""Live JSON against its schema, and that against the one that was accepted."""

from typing import Any

import msgspec
import pytest

from grace_tui.healing.triggers.schema import breaking, differences, outline


class Part(msgspec.Struct):
    name: str
    share: float | None = None


class Whole(msgspec.Struct):
    count: int
    parts: tuple[Part, ...] = ()
    pairs: tuple[tuple[float, str], ...] = ()
    on: bool = False
    by: dict[str, int] = {}


SCHEMA = msgspec.json.schema(Whole)
GOOD: dict[str, Any] = msgspec.to_builtins(Whole(1, (Part("a"), Part("b", 0.5)), ((1.0, "x"),), by={"k": 1}))


def test_what_msgspec_writes_fits_its_own_schema() -> None:
    assert differences(GOOD, SCHEMA) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"count": "1"}, ["count: string where integer should be"]),
        ({"count": True}, ["count: boolean where integer should be"]),
        ({"on": 1}, ["on: integer where boolean should be"]),
        ({"parts": [{"name": "a"}]}, ["parts[].share: missing"]),
        ({"parts": [{"name": 1, "share": None}] * 9}, ["parts[].name: integer where string should be"]),
        ({"parts": [{"name": "a", "share": "x"}]}, ["parts[].share: string where number should be"]),
        ({"pairs": [[1.0, 2]]}, ["pairs[][]: integer where string should be"]),
        ({"more": 1}, []),
    ],
)
def test_a_field_that_is_missing_or_of_another_type_is_named(change: dict[str, Any], found: list[str]) -> None:
    assert differences({**GOOD, **change}, SCHEMA) == found


def test_a_missing_field_is_named() -> None:
    short = {name: value for name, value in GOOD.items() if name != "parts"}
    assert differences(short, SCHEMA) == ["parts: missing"]
    assert differences([], SCHEMA) == ["it: array where object should be"]


def test_a_field_that_goes_or_changes_breaks_readers_and_a_new_one_does_not() -> None:
    class Newer(msgspec.Struct):
        count: str
        parts: tuple[Part, ...] = ()
        pairs: tuple[tuple[float, str], ...] = ()
        by: dict[str, int] = {}
        more: int = 0

    Newer.__name__ = "Whole"
    assert breaking(outline(SCHEMA), outline(SCHEMA)) == []
    found = breaking(outline(SCHEMA), outline(msgspec.json.schema(Newer)))
    assert any("count: now string, was integer" in one for one in found)
    assert any("on: gone" in one for one in found)
    assert not any("more" in one for one in found)
