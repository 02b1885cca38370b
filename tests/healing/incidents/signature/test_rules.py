"""sign with rules: a user pins failures to one group or splits them, and a fix is replayed by the failure's own."""

import re
from dataclasses import replace
from typing import Any

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature import Rule, sign
from tests.healing.incidents.signature.table import frames_of

FAILURE = Failure(
    kernel="web-1",
    phase="run",
    kind="ConnectError",
    message="[Errno 111] Connection refused",
    frames=frames_of(["app/main.py run", "app/client.py Client.fetch"]),
    chain=(("OSError", "[Errno 111] Connect call failed"),),
)
OTHER = replace(FAILURE, kind="ReadTimeout", message="timed out", frames=frames_of(["app/jobs.py nightly"]))


def test_without_a_rule_an_incident_counts_its_signature() -> None:
    signature = sign(FAILURE)
    assert signature.group == signature.strict


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        ({"kind": ("Connect*",)}, True),
        ({"kind": ("Read*", "ConnectError")}, True),
        ({"kind": ("Read*",)}, False),
        ({"message": re.compile("refused$")}, True),
        ({"message": re.compile("^refused")}, False),
        ({"function": ("Client.*",)}, True),
        ({"function": ("Client",)}, False),
        ({"file": ("app/*.py",)}, True),
        ({"file": ("lib/*",)}, False),
        ({"file": ("app/client.py",), "function": ("Client.fetch",)}, True),
        ({"file": ("app/client.py",), "function": ("run",)}, False),
        ({"kernel": ("web-*",)}, True),
        ({"kernel": ("web-*",), "kind": ("ReadTimeout",)}, False),
    ],
    ids=str,
)
def test_a_rule_fits_where_everything_it_names_fits(matcher: dict[str, Any], fits: bool) -> None:
    assert (sign(FAILURE, [Rule("r", **matcher, group="mine")]).group == "group-mine") is fits


def test_what_is_pinned_is_one_group_for_incidents_and_budgets() -> None:
    rules = [Rule("network", kind=("ConnectError", "ReadTimeout"), group="network")]
    one, other = sign(FAILURE, rules), sign(OTHER, rules)
    assert (one.group, one.coarse) == (other.group, other.coarse) == ("group-network", "group-network")


def test_a_fix_is_replayed_by_the_failures_own_signature_whatever_the_rules() -> None:
    for rule in (Rule("pin", kernel=("*",), group="all"), Rule("split", kernel=("*",), split_by=("message",))):
        assert sign(FAILURE, [rule]).strict == sign(FAILURE).strict


@pytest.mark.parametrize(
    ("by", "change"),
    [
        ("message", {"message": "[Errno 61] Connection refused"}),
        ("kernel", {"kernel": "web-2"}),
        ("phase", {"phase": "start"}),
        ("cause", {"chain": (("OSError", "[Errno 61] Connect call failed"),)}),
    ],
)
def test_a_group_is_split_by_what_the_rule_says(by: Any, change: dict[str, Any]) -> None:
    rules = [Rule("split", kind=("ConnectError",), split_by=(by,))]
    changed = replace(FAILURE, **change)
    assert sign(FAILURE).group == sign(changed).group
    assert sign(FAILURE, rules).group != sign(changed, rules).group
    assert sign(FAILURE, rules).coarse != sign(changed, rules).coarse
    assert sign(FAILURE, rules).group == sign(replace(FAILURE, at=9.0), rules).group


def test_the_first_rule_that_fits_decides() -> None:
    rules = [
        Rule("no", kind=("KeyError",), group="a"),
        Rule("b", kernel=("*",), group="b"),
        Rule("c", kernel=("*",), group="c"),
    ]
    assert sign(FAILURE, rules).group == "group-b"


def test_the_rule_is_among_the_parts_that_a_person_is_shown() -> None:
    pinned = sign(FAILURE, [Rule("network", kernel=("*",), group="net")])
    assert pinned.parts[-1] == "rule network: everything it fits is group net"
    split = sign(FAILURE, [Rule("2", kernel=("*",), split_by=("kernel", "phase"))])
    assert split.parts[-3:] == ("rule 2: split by kernel, phase", "kernel web-1", "phase run")
