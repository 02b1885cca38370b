"""While nobody governs, the core's own rule decides: what leaves a doubt waits for a person."""

import pytest

from grace_tui.healing.repair.patch import Patch, Site
from grace_tui.room.hooks import core_rule

SITE = Site("p", "kernels/log.py", "Log.append", "part")


@pytest.mark.parametrize(
    ("patch", "allowed", "said"),
    [
        (Patch("o", SITE, "it", ()), True, "a gated repair of the provider is applied"),
        (Patch("o", SITE, "it", (), ask="it installs"), False, "a person decides: it installs"),
        (Patch("o", SITE, "it", (), ambiguous=True), False, "a person decides: others speak as much"),
    ],
)
def test_the_core_rule_says_so_and_leaves_doubts_to_a_person(patch: Patch, allowed: bool, said: str) -> None:
    verdict = core_rule(patch, "quarantined")
    assert verdict.allowed == allowed
    assert not verdict.refused
    assert verdict.reason.startswith("core rule (governance is quarantined): ")
    assert said in verdict.reason
