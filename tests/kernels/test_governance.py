from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from grace_tui.kernel import DecisionMade, Denied, FilesChanged, GraceError, NotReady
from grace_tui.kernel.testing import Bench, ManualClock, running
from kernels.governance import Governance
from kernels.policies import Decision, Policies, PolicyUnreadable

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("action", "resource", "context", "expected", "policies"),
    [
        pytest.param("kernel.restart", "librarian", {}, "allow", ("routine-work",), id="routine"),
        pytest.param("kernel.restart", "librarian", {"risk": 0.7}, "allow", ("routine-work",), id="risk-at-limit"),
        pytest.param("kernel.restart", "librarian", {"risk": 0.71}, "needs_approval", ("high-risk",), id="high-risk"),
        pytest.param("kernel.restart", "librarian", {"risk": 1}, "needs_approval", ("high-risk",), id="whole-number"),
        pytest.param("repair.apply", "kernels/a.py", {"confidence": 0.5}, "allow", ("routine-work",), id="patch"),
        pytest.param(
            "repair.apply", "kernels/a.py", {"confidence": 0.1}, "needs_approval", ("low-confidence",), id="doubtful"
        ),
        pytest.param("repair.apply", ".grace/room.db", {}, "deny", ("protected-files",), id="state"),
        pytest.param("repair.apply", "kernels/../.git/config", {}, "deny", ("protected-files",), id="roundabout"),
        pytest.param("repair.apply", "../outside.py", {}, "deny", ("protected-files",), id="outside"),
        pytest.param("repair.apply", "/etc/passwd", {}, "deny", ("protected-files",), id="absolute"),
        pytest.param("repair.apply", "policies/mine.cedar", {}, "deny", ("protected-files",), id="policies"),
        pytest.param("audit.disable", "", {}, "deny", ("never-weaken-the-room",), id="weaken"),
        pytest.param("schema.change", "memories", {}, "needs_approval", ("lasting-change",), id="schema"),
        pytest.param(
            "repair.apply",
            "kernels/a.py",
            {"files": [f"kernels/{n}.py" for n in range(11)]},
            "needs_approval",
            ("wide-repair",),
            id="wide",
        ),
        pytest.param(
            "repair.apply",
            "kernels/a.py",
            {"files": ["kernels/a.py", ".git/hooks/x"]},
            "deny",
            ("protected-files",),
            id="one-file-of-several",
        ),
        pytest.param(
            "repair.apply",
            "kernels/immutable_log.py",
            {"operator": "add_parameter", "lines": 4, "files": 1, "priority": 10},
            "allow",
            ("routine-work",),
            id="as-the-room-asks",
        ),
        pytest.param("repair.apply", "kernels/a.py", {"ask": True}, "needs_approval", ("a-person-decides",), id="ask"),
        pytest.param(
            "repair.apply",
            "kernels/a.py",
            {"ask": False, "ambiguous": True},
            "allow",
            ("routine-work",),
            id="the-only-one-that-passed",
        ),
        pytest.param("repair.apply", "kernels/a.py", {"files": 11}, "needs_approval", ("wide-repair",), id="count"),
        pytest.param("repair.apply", "kernels/a.py", {"lines": 401}, "needs_approval", ("wide-repair",), id="long"),
        pytest.param(
            "schema.change", "x", {"approved": True}, "needs_approval", ("lasting-change",), id="claims-approval"
        ),
    ],
)
async def test_the_shipped_policies_decide(
    tmp_path: Path, action: str, resource: str, context: dict[str, object], expected: str, policies: tuple[str, ...]
) -> None:
    async with running(Governance, workspace=tmp_path) as bench:
        decision = await bench.get(Governance).decide("coding_agent", action, resource, context)
        assert (decision.decision, decision.policies) == (expected, policies)
        assert decision.allowed == (expected == "allow")


async def test_a_decision_is_told_and_a_refusal_is_written_down(tmp_path: Path) -> None:
    async with running(Governance, workspace=tmp_path) as bench:
        await bench.get(Governance).decide("coding_agent", "repair.apply", ".git/config")
        told = bench.bus.events(DecisionMade)[-1]
        assert "protected-files" in told.rationale
        record = bench.audit.entries[-1].record
        assert (record["actor"], record["action"]) == ("coding_agent", "governance.deny")


async def test_a_policy_that_cannot_be_evaluated_is_named_and_never_a_silent_word(tmp_path: Path) -> None:
    write_policy(tmp_path, '@id("by-team") permit (principal, action, resource) when { context.team == "core" };')
    async with running(Governance, workspace=tmp_path) as bench:
        decision = await bench.get(Governance).decide("a", "kernel.restart", "librarian")
        assert decision.decision == "needs_approval"
        assert "by-team" in decision.errors[0]
        assert "by-team" in bench.logs["governance"].lines[-1]


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"n": 2**70}, "context: n is"),
        ({"risk": float("nan")}, "context: risk is nan"),
        pytest.param(
            {"x": object()},
            "context: x is <object",
            marks=pytest.mark.in_task("no value can be sent"),
        ),
        ({"files": "kernels/a.py"}, "files is 'kernels/a.py'; expected a number or a list"),
    ],
)
async def test_a_context_that_cedar_cannot_hold_is_refused(
    tmp_path: Path, context: dict[str, object], message: str
) -> None:
    async with running(Governance, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match=message):
            await bench.get(Governance).decide("a", "b", "c", context)


async def test_a_workspace_adds_its_own_policies(tmp_path: Path) -> None:
    write_policy(tmp_path, '@id("hands-off") forbid (principal, action, resource == Resource::"librarian");')
    async with running(Governance, workspace=tmp_path) as bench:
        decision = await bench.get(Governance).decide("a", "kernel.restart", "librarian")
        assert (decision.decision, decision.policies) == ("deny", ("hands-off",))


async def test_a_workspaces_policy_takes_the_place_of_one_of_its_name_that_asks(tmp_path: Path) -> None:
    write_policy(
        tmp_path,
        '@id("a-person-decides") @approval("operator") forbid (principal, action == Action::"repair.apply", resource) '
        "when { context.ambiguous } unless { context.approved };",
    )
    async with governance_in(tmp_path) as (governance, _):
        for told, word in (({"ask": True, "ambiguous": False}, "allow"), ({"ambiguous": True}, "needs_approval")):
            assert (await governance.decide("coding_agent", "repair.apply", "kernels/a.py", told)).decision == word


async def test_a_final_policy_is_not_replaced(tmp_path: Path) -> None:
    write_policy(tmp_path, '@id("protected-files") permit (principal, action, resource);')
    async with governance_in(tmp_path) as (governance, _):
        assert (await governance.decide("coding_agent", "repair.apply", ".git/config")).decision == "deny"


async def test_a_broken_policy_at_start_names_its_file(tmp_path: Path) -> None:
    path = write_policy(tmp_path, "permit (principl, action, resource);")
    with pytest.raises(PolicyUnreadable, match=r"own\.cedar: .*principl") as raised:
        async with running(Governance, workspace=tmp_path):
            pass
    assert raised.value.path == path


async def test_changed_policies_are_used_and_broken_ones_leave_the_last_good_set(tmp_path: Path) -> None:
    async with running(Governance, workspace=tmp_path) as bench:
        governance = bench.get(Governance)
        write_policy(tmp_path, '@id("hands-off") forbid (principal, action, resource == Resource::"librarian");')
        await governance._reload()
        write_policy(tmp_path, "not cedar")
        await governance._reload()
        assert (await governance.decide("a", "kernel.restart", "librarian")).decision == "deny"
        assert "✖" in governance.summary()
        assert "own.cedar" in governance.summary()


@pytest.mark.in_task("waits for an object of the instance to change")
async def test_a_saved_policy_file_is_read_without_a_restart(tmp_path: Path) -> None:
    async with running(Governance, workspace=tmp_path) as bench:
        write_policy(tmp_path, '@id("hands-off") forbid (principal, action, resource == Resource::"librarian");')
        bench.bus.publish("files.changed", FilesChanged(("policies/own.cedar",)), source="room")
        governance = bench.get(Governance)
        while len(governance.policies) == len(governance.shipped):
            await bench.clock.sleep(0.002)
        assert (await governance.decide("a", "kernel.restart", "librarian")).decision == "deny"


async def test_an_approval_waits_over_a_restart_and_then_allows(tmp_path: Path) -> None:
    async with governance_in(tmp_path) as (governance, _):
        asked = await governance.request_approval("memory_fusion", "schema.change", "memories", reason="a new column")
        again = await governance.request_approval("memory_fusion", "schema.change", "memories")
        assert asked == again
        assert governance.summary().endswith("1 pending")
    async with governance_in(tmp_path) as (governance, _):
        waiting = await governance.pending()
        assert [(row.id, row.reason) for row in waiting] == [(asked, "a new column")]
        record = await governance.approve(asked, "ann")
        assert (record.state, record.decided_by) == ("approved", "ann")
        assert await governance.pending() == ()
        assert (await governance.decide("memory_fusion", "schema.change", "memories")).allowed
        assert not (await governance.decide("memory_fusion", "schema.change", "another")).allowed
        assert not (await governance.decide("librarian", "schema.change", "memories")).allowed


async def test_an_approval_is_worth_a_day(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(Governance, workspace=tmp_path, clock=clock) as bench:
        governance = bench.get(Governance)
        await governance.approve(await governance.request_approval("a", "schema.change", "x"), "ann")
        assert (await governance.decide("a", "schema.change", "x")).allowed
        clock.now += 24 * 3600 + 1
        assert not (await governance.decide("a", "schema.change", "x")).allowed


@pytest.mark.parametrize("hours", [0, -1, "a day"])
async def test_an_approval_that_would_be_worth_nothing_is_refused(tmp_path: Path, hours: object) -> None:
    with pytest.raises(GraceError, match=r"approval_hours is .*; expected more than 0"):
        async with running(Governance, workspace=tmp_path, settings={"governance": {"approval_hours": hours}}):
            pass


async def test_an_approval_does_not_open_what_is_forbidden_for_good(tmp_path: Path) -> None:
    async with governance_in(tmp_path) as (governance, _):
        await governance.approve(await governance.request_approval("a", "audit.disable", ""), "ann")
        assert (await governance.decide("a", "audit.disable", "")).decision == "deny"


async def test_a_rejected_question_stays_closed(tmp_path: Path) -> None:
    async with governance_in(tmp_path) as (governance, bench):
        asked = await governance.request_approval("a", "schema.change", "x")
        await governance.reject(asked, "ann")
        assert not (await governance.decide("a", "schema.change", "x")).allowed
        with pytest.raises(GraceError, match="was rejected by ann already"):
            await governance.approve(asked, "bob")
        assert "approval.rejected" in [entry.record["action"] for entry in bench.audit.entries]


async def test_nobody_answers_a_question_of_their_own_or_an_unknown_one(tmp_path: Path) -> None:
    async with governance_in(tmp_path) as (governance, _):
        asked = await governance.request_approval("a", "schema.change", "x")
        with pytest.raises(Denied):
            await governance.approve(asked, "a")
        with pytest.raises(GraceError, match="no approval 'A0'"):
            await governance.approve("A0", "ann")


async def test_the_probe_leaves_no_row_behind(tmp_path: Path) -> None:
    async with governance_in(tmp_path) as (governance, _):
        before = await governance._count_pending()
        await governance.probe()
        assert await governance.pending() == ()
        assert await governance._count_pending() == before


async def test_the_probe_fails_when_the_policies_say_yes_to_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Policies, "judge", lambda *told: Decision("allow", (), ""))
    with pytest.raises(NotReady, match="decide allow where deny is right"):
        async with running(Governance, workspace=tmp_path):
            pass


async def test_the_probe_fails_when_approvals_cannot_be_stored(tmp_path: Path) -> None:
    async with governance_in(tmp_path) as (governance, _):
        (tmp_path / ".grace" / "governance.db").write_bytes(b"not a database" * 500)
        with pytest.raises(Exception, match="not a database"):
            await governance.probe()


@pytest.mark.parametrize("url", ["nonsense", "oracle+nothing://x/y", "postgresql+nodriver://u:hunter22@h/d"])
async def test_a_database_url_that_cannot_be_used_is_refused_without_being_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(GraceError, match="database URL cannot be used") as raised:
        async with running(Governance, workspace=tmp_path, settings={"governance": {"database": url}}):
            pass
    assert "hunter22" not in str(raised.value)


@asynccontextmanager
async def governance_in(workspace: Path) -> AsyncIterator[tuple[Governance, Bench]]:
    async with running(Governance, workspace=workspace) as bench:
        yield bench.get(Governance), bench


def write_policy(workspace: Path, text: str) -> Path:
    path = workspace / "policies" / "own.cedar"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path
