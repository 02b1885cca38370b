"""What keeps its mark for too long is stuck; what changes, or goes and comes again, starts afresh."""

from grace_tui.healing.progress import Progress


def test_the_same_mark_for_long_is_stuck() -> None:
    progress = Progress(after=10.0)
    assert progress.stuck({"T-1": "trying"}, 0.0) == {}
    assert progress.stuck({"T-1": "trying"}, 9.9) == {}
    assert progress.stuck({"T-1": "trying"}, 12.0) == {"T-1": 12.0}


def test_another_mark_starts_afresh() -> None:
    progress = Progress(after=10.0)
    progress.stuck({"T-1": "trying"}, 0.0)
    progress.stuck({"T-1": "gating"}, 9.0)
    assert progress.stuck({"T-1": "gating"}, 12.0) == {}


def test_what_went_and_came_again_starts_afresh() -> None:
    progress = Progress(after=10.0)
    progress.stuck({"T-1": "trying"}, 0.0)
    progress.stuck({}, 5.0)
    assert progress.stuck({"T-1": "trying"}, 12.0) == {}
