from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel import AuditEntry, GraceError, NotReady
from grace_tui.kernel.testing import running
from kernels.immutable_log import ImmutableLog
from kernels.message_bus import MessageBus

pytestmark = pytest.mark.anyio


async def test_the_probe_writes_one_entry_and_reads_it_back(tmp_path: Path) -> None:
    async with running(MessageBus, ImmutableLog, workspace=tmp_path) as bench:
        assert [entry.record["action"] for entry in bench.audit.entries] == ["probe"]


async def test_an_entry_keeps_everything_its_caller_said(tmp_path: Path) -> None:
    async with running(MessageBus, ImmutableLog, workspace=tmp_path) as bench:
        log = bench.get(ImmutableLog)
        await log.append("a kernel", "did", "a thing", payload={"n": 1, "deep": {"m": [2]}}, result="done")
        record = (await log.tail(1))[0].record
        assert (record["actor"], record["action"], record["resource"]) == ("a kernel", "did", "a thing")
        assert (record["payload"], record["result"]) == ({"n": 1, "deep": {"m": [2]}}, "done")


async def test_an_entry_stores_the_subsystem_it_belongs_to(tmp_path: Path) -> None:
    async with running(MessageBus, ImmutableLog, workspace=tmp_path) as bench:
        log = bench.get(ImmutableLog)
        entry = await log.append("coding_agent", "start", subsystem="repair")
        assert entry.record["subsystem"] == "repair"


async def test_an_entry_does_not_change_with_the_mapping_it_was_made_from(tmp_path: Path) -> None:
    async with running(MessageBus, ImmutableLog, workspace=tmp_path) as bench:
        log = bench.get(ImmutableLog)
        payload: dict[str, Any] = {"n": 1}
        entry = await log.append("a", "b", payload=payload)
        payload["n"] = 2
        assert entry.record["payload"] == {"n": 1}
        assert (await log.verify()).ok


async def test_a_search_finds_entries_by_actor_action_and_text_newest_first(tmp_path: Path) -> None:
    async with running(MessageBus, ImmutableLog, workspace=tmp_path) as bench:
        log = bench.get(ImmutableLog)
        for number in range(3):
            await log.append("scheduler", "run", f"job {number}")
        await log.append("scheduler", "skip", "job 9")
        found = await log.search(actor="scheduler", action="run", limit=2)
        assert [entry.record["resource"] for entry in found] == ["job 2", "job 1"]
        assert len(await log.search(text="JOB 9")) == 1


async def test_a_changed_entry_is_found_shown_and_reported_once(tmp_path: Path) -> None:
    async with running(MessageBus, ImmutableLog, workspace=tmp_path) as bench:
        log = bench.get(ImmutableLog)
        await log.append("a", "b")
        bench.audit.entries[0] = replace(bench.audit.entries[0], record={"actor": "somebody else"})
        assert not (await log.verify()).ok
        await log.verify()
        assert "✖ entry 1 was changed" in log.summary()
        assert [record.count for record in bench.incidents.all()] == [1]


async def test_the_summary_says_when_the_chain_was_walked(tmp_path: Path) -> None:
    async with running(MessageBus, ImmutableLog, workspace=tmp_path) as bench:
        log = bench.get(ImmutableLog)
        await log.verify()
        assert log.summary().startswith("1 entry ✓ ")


@pytest.mark.parametrize("pace", [1, "daily"])
async def test_a_pace_of_walks_that_is_too_quick_or_no_number_is_refused(tmp_path: Path, pace: object) -> None:
    with pytest.raises(GraceError, match=r"verify_every is .*; expected 10 seconds or more"):
        async with running(ImmutableLog, workspace=tmp_path, settings={"immutable_log": {"verify_every": pace}}):
            pass


async def test_the_probe_fails_when_entries_are_lost(tmp_path: Path) -> None:
    class Forgetting(ImmutableLog):
        async def append(self, actor: str, action: str, resource: str = "", **said: Any) -> AuditEntry:
            return AuditEntry(1, 0.0, {"actor": actor}, "0" * 64, "")

    with pytest.raises(NotReady, match="cannot be read back"):
        async with running(Forgetting, workspace=tmp_path):
            pass


async def test_the_probe_fails_when_an_entry_comes_back_changed(tmp_path: Path) -> None:
    class Changing(ImmutableLog):
        async def tail(self, count: int = 20) -> list[AuditEntry]:
            changed: Mapping[str, object] = {"actor": "somebody else"}
            return [replace(entry, record=changed) for entry in await super().tail(count)]

    with pytest.raises(NotReady, match="cannot be read back"):
        async with running(Changing, workspace=tmp_path):
            pass
