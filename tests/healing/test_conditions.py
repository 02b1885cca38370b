"""The language of conditions: what holds, what is refused when it is read, and what is told of a missing value."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.healing.condition_form import LONGEST, BadCondition, check_name
from grace_tui.healing.conditions import Condition, ConditionFailed, look_up

NAMES: dict[str, Any] = {
    "incident": {"kind": "", "count": 0, "title": ""},
    "kernel": {"state": "", "critical": False, "cpu_percent": 0.0, "waits_for": (), "items": ()},
    "facts": {"*": None, "value": 0.0},
    "attempts": 0,
}
NOW: dict[str, Any] = {
    "incident": {"kind": "MemoryPressure", "count": 3, "title": "disk full"},
    "kernel": {"state": "failed", "critical": True, "cpu_percent": 95.5, "waits_for": ("message_bus",), "items": (1,)},
    "facts": {"value": 91.0, "unit": "%"},
    "attempts": 1,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("not true", False),
        ("incident.kind == 'MemoryPressure' and incident.count >= 3", True),
        ("incident.kind in ('CpuPressure', 'MemoryPressure')", True),
        ("incident.kind not in ['CpuPressure']", True),
        ("kernel.state == 'running' or kernel.critical", True),
        ("'message_bus' in kernel.waits_for", True),
        ("'full' in incident.title", True),
        ("like(lower(incident.title), 'disk*')", True),
        ("80 < facts.value < 90", False),
        ("facts.value - 1 >= 0.9 * 100", True),
        ("facts.unit == '%'", True),
        ("len(kernel.items) == 1", True),
        ("max(attempts, 2) == 2", True),
        ("attempts < 3\n  and kernel.critical", True),
    ],
)
def test_a_condition_is_judged_by_the_values_of_the_moment(text: str, expected: bool) -> None:
    assert Condition(text, NAMES).holds(NOW) is expected


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("", "is empty"),
        ("incident.knd == 'x'", "incident.knd is not known; did you mean incident.kind?"),
        ("incidnt.kind == 'x'", "did you mean incident?"),
        ("attempts.value > 3", "attempts has no value"),
        ("incident", "incident has names of its own: incident.kind"),
        ("incident.count", "is a number; expected true or false"),
        ("incident.count > 'three'", "'three' is a text; expected a number"),
        ("incident.kind > 'a'", "is a text; expected a number"),
        ("incident.kind == 3", "3 is a number; expected a text"),
        ("incident.kind in ('a', 3)", "3 is a number; expected a text"),
        ("incident.count in incident.title", "expected a text"),
        ("'a' in kernel.critical", "expected a list or a text after `in`"),
        ("kernel.critical > 1", "expected a number"),
        ("incident.kind and true", "incident.kind is a text; expected true or false"),
        ("lenght(kernel.items) > 1", "did you mean len?"),
        ("like(incident.title)", "like() takes 2 values, not 1"),
        ("incident.title.upper() == 'A'", "is not possible"),
        ("incident.kind is 'x'", "write == or !="),
        ("facts._hidden == 1", "is not possible"),
        ("facts.value ** 9 > 2", "is not possible"),
        ("[x for x in kernel.items] == kernel.items", "is not possible"),
        ("(lambda: true)()", "is not possible"),
        ("__import__('os') == 1", "__import__() is not known"),
        ("f'{attempts}' == '1'", "is not possible"),
        ("attempts == None", "None is not possible"),
        ("attempts >", "is no expression"),
        ("attempts = 3", "is no expression"),
        (r"incident.kind == '\x41'", "no backslashes"),
        ("- " * 60 + "attempts > 0", "nested more than"),
        ("attempts == 1 or " * 60 + "true", f"at most {LONGEST}"),
    ],
)
def test_what_cannot_be_judged_is_refused_when_it_is_read(text: str, right: str) -> None:
    with pytest.raises(BadCondition) as refused:
        Condition(text, NAMES, "rules.toml:3: when")
    assert right in str(refused.value)
    assert str(refused.value).startswith("rules.toml:3: when: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("facts.threshold > 3", "facts.threshold is not known"),
        ("facts.unit > 3", "not supported between"),
        ("facts.value / (attempts - 1) > 3", "division by zero"),
        ("facts.unit", "gives '%', which is neither true nor false"),
    ],
)
def test_a_value_that_is_missing_or_of_another_kind_is_told(text: str, reason: str) -> None:
    with pytest.raises(ConditionFailed, match=reason):
        Condition(text, NAMES).holds(NOW)


def test_a_missing_value_that_is_not_needed_does_no_harm() -> None:
    assert Condition("kernel.critical or facts.nothing > 3", NAMES).holds(NOW)


def test_a_condition_tells_the_values_it_judges_by() -> None:
    condition = Condition("like(incident.kind, '*Pressure') and facts.value > 90 and facts.other == 1", NAMES)
    assert condition.told(NOW) == "incident.kind is MemoryPressure, facts.value is 91, facts.other is not known"


def test_a_name_is_found_by_its_way() -> None:
    assert look_up("kernel.state", NOW) == "failed"
    assert look_up("kernel.state.more", NOW) is None
    assert check_name("facts.whatever", NAMES) is None


@given(st.text(max_size=60))
def test_any_text_is_either_judged_or_refused(text: str) -> None:
    with contextlib.suppress(BadCondition, ConditionFailed):
        assert Condition(text, NAMES).holds(NOW) in (True, False)


@given(
    st.from_regex(
        r"(incident|facts|kernel|attempts|[0-9]|'a'|not|and|or|\.|==|<|in|\(|\)| |-|\*|len){1,14}", fullmatch=True
    )
)
def test_any_mixture_of_its_words_is_either_judged_or_refused(text: str) -> None:
    with contextlib.suppress(BadCondition, ConditionFailed):
        assert Condition(text, NAMES).holds(NOW) in (True, False)
