"""Which bundles go: resolved ones, the longest over first; one that is not over never does."""

from pathlib import Path

import pytest

from grace_tui.healing.incidents.evidence.collecting import PRUNE_SECONDS, QUIET_SECONDS
from grace_tui.healing.incidents.evidence.pruning import DAY, Kept, Policy, to_prune
from tests.healing.incidents.evidence.places import desk
from tests.healing.incidents.evidence.test_collecting import settled

NOW = 100 * DAY
FOUND = [
    Kept("open", 400, None),
    Kept("yesterday", 300, NOW - DAY),
    Kept("last week", 300, NOW - 7 * DAY),
    Kept("long ago", 300, NOW - 50 * DAY),
]


@pytest.mark.parametrize(
    ("kept", "days", "gone"),
    [
        pytest.param(10_000, 365, [], id="all-fit"),
        pytest.param(10_000, 30, ["long ago"], id="too-old"),
        pytest.param(1_000, 365, ["long ago"], id="one-too-many"),
        pytest.param(700, 365, ["long ago", "last week"], id="two-too-many"),
        pytest.param(1_000, 30, ["long ago"], id="the-old-one-makes-room"),
        pytest.param(1, 365, ["long ago", "last week", "yesterday"], id="what-is-not-over-stays"),
    ],
)
def test_the_longest_over_goes_first(kept: int, days: int, gone: list[str]) -> None:
    assert [incident for incident, _ in to_prune(FOUND, Policy(kept, days * DAY), NOW)] == gone


def test_why_a_bundle_goes_is_told() -> None:
    whys = dict(to_prune(FOUND, Policy(1_000, 30 * DAY), NOW))
    assert whys == {"long ago": "resolved more than 30 days ago"}
    whys = dict(to_prune([Kept("one", 2_500_000, 0.0)], Policy(1_000_000, NOW * 2), NOW))
    assert whys == {"one": "all evidence has 2.5 MB, and 1 MB are kept"}


def test_a_room_prunes_what_is_resolved_and_tells_it_in_the_incident(tmp_path: Path) -> None:
    with desk(tmp_path, policy=Policy(1, 365 * DAY)) as at:
        done, still = at.record(ValueError("done")), at.record(ValueError("still"))
        settled(at)
        stray = at.folder / "I-unknown"
        stray.mkdir()
        (stray / "notes.txt").write_text("whose incident nobody remembers")
        at.book.move(done.id, "resolved", "fixed", "me")
        at.clock.now += QUIET_SECONDS
        at.second()
        settled(at)
        assert [path.name for path in at.folder.iterdir()] == [still.id]
        pruned, open_one = at.book.get(done.id), at.book.get(still.id)
        assert pruned is not None
        assert open_one is not None
        assert (pruned.bundle, open_one.bundle) == ("", f"logs/incidents/{still.id}")
        assert pruned.timeline[-1][1:] == ("evidence", f"evidence deleted: {told(pruned.timeline[-1][2])}")
        at.record(ValueError("done"))
        at.clock.now += PRUNE_SECONDS
        at.second()
        settled(at)
    again = at.book.get(done.id)
    assert again is not None
    assert again.bundle == f"logs/incidents/{done.id}"


def told(line: str) -> str:
    return line.removeprefix("evidence deleted: ")
