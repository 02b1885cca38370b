"""One healing kernel as the other sees it: what it holds, what it uses, and what was reported before."""

from dataclasses import replace

from grace_tui.healing.mutual import RSS, Neighbour, unanswered, work_of_agent, work_of_healer
from grace_tui.kernel.fakes import ManualClock, MemoryIncidents
from grace_tui.kernel.records import Vitals
from grace_tui.kernel.testing import sample_incident, sample_kernel, sample_task

RUNNING = sample_kernel("coding_agent")


def test_a_kernel_that_does_not_run_is_in_no_trouble_of_this_kind() -> None:
    agent = Neighbour("coding_agent", stuck_after=10.0)
    agent.look(RUNNING, {"T-1": "trying"}, 0.0)
    assert agent.look(replace(RUNNING, state="backing_off"), {"T-1": "trying"}, 20.0) is None
    assert agent.look(RUNNING, {"T-1": "trying"}, 25.0) is None


def test_work_that_gets_done_elsewhere_in_it_is_progress() -> None:
    agent = Neighbour("coding_agent", stuck_after=10.0)
    for at in range(0, 60, 5):
        assert agent.look(replace(RUNNING, count=at), {"T-1": "queued"}, float(at)) is None


def test_much_memory_is_trouble_at_once_and_told_in_megabytes() -> None:
    trouble = Neighbour("coding_agent").look(replace(RUNNING, vitals=Vitals(7, rss_bytes=RSS)), {}, 0.0)
    assert trouble is not None
    assert (trouble.what, trouble.facts["value"], trouble.facts["unit"]) == ("memory", RSS >> 20, "MB")


def test_the_agent_is_asked_for_what_it_holds_else_for_what_is_next() -> None:
    mine = sample_task("T-1", "log", state="gating", worker="coding_agent")
    others = sample_task("T-2", "log", state="trying", worker="self_healing")
    queued = sample_task("T-3", "log")
    assert list(work_of_agent([mine, others, queued])) == ["T-1"]
    assert list(work_of_agent([others, queued])) == ["T-3"]
    assert work_of_agent([others]) == {}


def test_an_incident_with_an_open_task_is_answered() -> None:
    opened = [
        sample_incident("I-1", "log"),
        sample_incident("I-2", "log"),
        sample_incident("I-3", "log", route="nobody"),
    ]
    task = sample_task("T-1", "log", incident_id="I-1")
    assert [record.id for record in unanswered(opened, [task])] == ["I-2"]
    assert list(work_of_healer(opened, [replace(task, finished_at=1.0)])) == ["I-1", "I-2"]


def test_what_was_reported_before_a_restart_is_resolved_after_it() -> None:
    incidents = MemoryIncidents(ManualClock())
    stuck = incidents.report("coding_agent", "AgentStuck", "no progress", by="self_healing")
    agent = Neighbour("coding_agent")
    agent.inherit(incidents.all())
    assert agent.tell(None, incidents, "self_healing") == ""
    resolved = incidents.get(stuck.id)
    assert resolved is not None
    assert resolved.state == "resolved"
