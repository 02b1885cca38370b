"""The risk score: parts that add up, and a part that is unknown instead of made up."""

import json
from pathlib import Path

import pytest

from grace_tui.healing.triggers.risk import FULL, WEIGHTS, coverage, score, shape

CALM: dict[str, float | None] = {
    "crashes": 0,
    "churn": 0,
    "complexity": 3,
    "coverage": 0.9,
    "broad excepts": 0,
    "size": 100,
}
SOURCE = b"""
def branches(a, b):
    if a and b:
        return [x for x in a if x]
    while a:
        a -= 1
    return 1 if b else 0

def swallows():
    try:
        pass
    except Exception:
        pass

def tells(log):
    try:
        pass
    except Exception as error:
        log(error)

def passes_on():
    try:
        pass
    except BaseException:
        raise
"""


def test_the_parts_add_up_to_the_score() -> None:
    value, parts = score({**CALM, "crashes": 5})
    assert value == pytest.approx(sum(part.share for part in parts), abs=1e-6)
    assert [part.name for part in parts] == list(WEIGHTS)
    assert next(part.text for part in parts if part.name == "crashes") == "crashes 5 (+0.17)"


def test_everything_at_its_worst_is_one_and_nothing_is_nought() -> None:
    worst: dict[str, float | None] = {name: FULL.get(name, 0.0) * 2 for name in WEIGHTS}
    assert score(worst)[0] == pytest.approx(1.0, abs=0.01)
    assert score({**dict.fromkeys(WEIGHTS, 0.0), "coverage": 1.0})[0] == 0.0


def test_what_is_unknown_is_said_so_and_weighs_nothing() -> None:
    known, parts = score({**CALM, "crashes": 10, "churn": None, "coverage": None})
    assert [part.text for part in parts if part.value is None] == ["churn unknown", "coverage unknown"]
    assert known > score({**CALM, "crashes": 10})[0]


def test_the_shape_of_source_is_measured() -> None:
    found = shape([SOURCE])
    assert (found.lines, found.complexity, found.broad) == (SOURCE.count(b"\n") + 1, 6, 1)
    assert shape([b"def broken(:\n"]).complexity == 0
    assert shape([SOURCE, b"x = 1\n" * 50]).lines == 51


def test_coverage_is_read_from_what_is_there(tmp_path: Path) -> None:
    assert coverage(tmp_path) is None
    (tmp_path / "coverage.xml").write_text('<coverage><class filename="kernels/a.py" line-rate="0.25"/></coverage>')
    assert coverage(tmp_path) == {"kernels/a.py": 0.25}
    (tmp_path / "coverage.json").write_text(
        json.dumps({"files": {"kernels/a.py": {"summary": {"percent_covered": 80}}}})
    )
    assert coverage(tmp_path) == {"kernels/a.py": 0.8}
    (tmp_path / "coverage.json").write_text("{}")
    (tmp_path / "coverage.xml").write_text("<")
    assert coverage(tmp_path) is None
