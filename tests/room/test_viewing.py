"""What a view is made of: bounded however long the book is, with all of it counted."""

from dataclasses import replace

import pytest

from grace_tui.faces.views import SilenceView
from grace_tui.kernel.records import HiddenFailure, IncidentRecord, IncidentState, RunRecord, StepRecord
from grace_tui.room.viewing import INCIDENTS_SHOWN, OLDER_SHOWN, RUNS_SHOWN, Gauges, Shown, room_view

GAUGES = Gauges(
    workspace="/srv/grace",
    host="orion",
    state="steady",
    loop_lag_ms=0.1,
    loop_lag_p99_ms=0.1,
    cpu_percent=1.0,
    rss_bytes=1,
    uptime=1.0,
    bus_rate=1.0,
    banner="",
    screens=1,
)
NOTHING = Shown(kernels=(), incidents=(), tasks=(), monitors=())


def incident(number: int, state: IncidentState = "open") -> IncidentRecord:
    return IncidentRecord(
        id=f"I-{number}",
        kernel="librarian",
        phase="run",
        kind="OSError",
        message="no space left",
        title="no space left",
        signature="s",
        coarse="c",
        state=state,
        opened_at=1.0,
        last_at=2.0,
        count=3,
    )


@pytest.mark.parametrize("state", ["resolved", "suppressed", "open"])
def test_a_long_book_is_shown_in_part_and_counted_whole(state: IncidentState) -> None:
    view = room_view(1, 1.0, GAUGES, replace(NOTHING, incidents=[incident(number, state) for number in range(1_000)]))
    older = 0 if state == "resolved" else OLDER_SHOWN
    assert len(view.incidents) == INCIDENTS_SHOWN + older
    assert view.incidents_total == 1_000
    assert (view.open_incidents, view.suppressed) == (1_000 * (state == "open"), 1_000 * (state == "suppressed"))


def test_an_old_incident_that_is_not_resolved_is_shown_behind_the_newest() -> None:
    book = [*(incident(number, "resolved") for number in range(500)), incident(999)]
    assert room_view(1, 1.0, GAUGES, replace(NOTHING, incidents=book)).incidents[-1].id == "I-999"


def test_an_incident_brings_its_owner_its_rate_and_what_it_hides() -> None:
    hidden = HiddenFailure(kernel="scheduler", title="no beat", count=4, first_at=1.0, last_at=2.0)
    record = replace(incident(1), owner="ada", route="person", variants=2, hides=(hidden,))
    shown = replace(NOTHING, incidents=[record], rate=lambda incident_id: 12.34)
    found = room_view(1, 1.0, GAUGES, shown).incidents[0]
    assert (found.owner, found.route, found.variants, found.rate) == ("ada", "person", 2, 12.3)
    assert [(one.kernel, one.count) for one in found.hides] == [("scheduler", 4)]


def test_a_run_brings_its_steps_and_only_the_newest_runs_are_shown() -> None:
    step = StepRecord(name="restart it", action="restart", arguments={}, state="done", ms=12.34, text="restarted")
    run = RunRecord(
        id="R-1",
        playbook="restart_silent",
        incident_id="I-1",
        kernel="librarian",
        coarse="c",
        by="self_healing",
        state="succeeded",
        started_at=1.0,
        steps=(step,),
    )
    view = room_view(1, 1.0, GAUGES, replace(NOTHING, runs=[run] * 200))
    assert len(view.runs) == RUNS_SHOWN
    assert [(one.name, one.state, one.ms) for one in view.runs[0].steps] == [("restart it", "done", 12.3)]


def test_silences_and_warnings_are_handed_on() -> None:
    silence = SilenceView(id="S-1", matcher="librarian", reason="disk", by="ada", starts_at=1.0, ends_at=2.0)
    view = room_view(1, 1.0, GAUGES, replace(NOTHING, silences=[silence], warnings=["S-1 ends soon"]))
    assert (view.silences, view.warnings) == ((silence,), ("S-1 ends soon",))
