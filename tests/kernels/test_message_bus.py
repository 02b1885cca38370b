import asyncio
from pathlib import Path

import pytest

from grace_tui.kernel import Denied, GraceError, NoReply, NotReady
from grace_tui.kernel.testing import Bench, ManualClock, running
from kernels.message_bus import MessageBus

pytestmark = pytest.mark.anyio


async def test_the_probe_sends_a_message_through_the_bus_and_back(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        topics = [message.topic for message in bench.bus.messages]
        assert topics[0] == "bus.ping"
        assert topics[1].startswith("reply.")
        assert await bench.get(MessageBus).ping() >= 0


async def test_the_probe_fails_when_the_bus_returns_something_else(tmp_path: Path) -> None:
    class Garbling(MessageBus):
        async def run(self) -> None:
            while True:
                request = await self.mailbox.receive(1.0)
                if request is not None:
                    self.context.bus.reply(request, "garbled", source=self.name)

    with pytest.raises(NotReady, match="garbled"):
        async with running(Garbling, workspace=tmp_path):
            pass


async def test_the_probe_fails_when_a_rule_shuts_the_bus_to_itself(tmp_path: Path) -> None:
    with pytest.raises(Denied, match=r"bus\.\* is for nobody_else"):
        async with running(
            MessageBus, workspace=tmp_path, settings={"message_bus": {"acl": {"bus.*": ["nobody_else"]}}}
        ):
            pass


@pytest.mark.in_task("closes the instance's own mailbox")
async def test_a_ping_without_an_answer_is_a_no_reply(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        bench.get(MessageBus).mailbox.close()
        with pytest.raises(NoReply):
            await bench.bus.request("bus.ping", 1, source="message_bus", timeout=0.01)


async def test_a_message_on_the_ping_topic_that_asks_for_no_reply_does_no_harm(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        bench.bus.publish("bus.ping", "flood", source="chaos")
        await bench.get(MessageBus).ping()
        assert "reply." not in [message.topic for message in bench.bus.messages]


async def test_the_default_rules_let_the_core_speak_on_its_own_topics(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        bench.bus.publish("system.control", "pause", source="supervisor")
        bench.bus.publish("system.health", "ok", source="room")
        assert bench.bus.denied == 0


async def test_the_default_rules_leave_facts_open_to_everyone(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        for topic in ("kernel.state", "kernel.failed", "incident.opened", "task.finished", "files.changed"):
            bench.bus.subscribe("any_kernel", topic)
        assert bench.bus.denied == 0


async def test_a_denial_is_counted_and_shown(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        for _ in range(3):
            with pytest.raises(Denied):
                bench.bus.publish("system.control", "boo", source="unauthorized_actor")
        bus = bench.get(MessageBus)
        assert (await bus.statistics()).denied == 3
        assert "3 denied" in bus.summary()


async def test_the_settings_replace_a_rule_and_keep_the_core_in_it(tmp_path: Path) -> None:
    settings = {"message_bus": {"acl": {"system.control": ["trigger_mesh"], "own.topic": ["scheduler"]}}}
    async with running(MessageBus, workspace=tmp_path, settings=settings) as bench:
        rules = await bench.get(MessageBus).rules()
        assert rules["system.control"] == ("trigger_mesh", "supervisor", "room")
        assert rules["own.topic"] == ("scheduler", "supervisor", "room")
        assert "system.health" in rules


@pytest.mark.parametrize("acl", ["system.control", {"t": "scheduler"}, {"t": [1]}, {"t": [""]}])
async def test_settings_that_are_no_rules_are_refused_with_their_value(tmp_path: Path, acl: object) -> None:
    with pytest.raises(GraceError, match=r"kernels\.message_bus: acl .*expected"):
        async with running(MessageBus, workspace=tmp_path, settings={"message_bus": {"acl": acl}}):
            pass


async def test_a_dead_letter_is_delivered_again_once_somebody_listens(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        bus = bench.get(MessageBus)
        bench.bus.publish("nobody.listens", {"n": 1}, source="scheduler", priority=2)
        letter = (await bus.dead_letters())[-1]
        box = bench.bus.subscribe("late", "nobody.listens")
        assert await bus.redeliver(letter.id) == 1
        message = await box.receive(1.0)
        assert message is not None
        assert (message.payload, message.source, message.priority) == ({"n": 1}, "scheduler", 2)


async def test_redelivering_an_unknown_letter_names_its_id(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match="id 4711"):
            await bench.get(MessageBus).redeliver(4711)


async def test_a_permission_granted_while_running_survives_a_restart(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        bus = bench.get(MessageBus)
        assert "trigger_mesh" in await bus.allow("system.control", ["trigger_mesh"])
        bench.bus.publish("system.control", "x", source="trigger_mesh")
        state = bus.save_state()
    async with running(MessageBus, workspace=tmp_path, saved_state={"message_bus": state}) as bench:
        bench.bus.publish("system.control", "x", source="trigger_mesh")
        assert bench.bus.denied == 0


async def test_what_was_allowed_can_be_taken_back_and_only_that(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        bus, before = bench.get(MessageBus), bench.bus.rules()
        await bus.allow("system.control", ["trigger_mesh"])
        await bus.disallow("system.control", ["trigger_mesh", "api_server"])
        assert bench.bus.rules() == before
        with pytest.raises(Denied):
            bench.bus.publish("system.control", "x", source="trigger_mesh")
        assert bus.save_state() == {"granted": {}}


async def test_topics_are_listed_with_the_busiest_first(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        for _ in range(9):
            bench.bus.publish("busy", 1, source="a")
        assert next(iter((await bench.get(MessageBus).topics()).items())) == ("busy", 9)


async def test_the_rate_is_measured_over_the_time_that_passed(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(MessageBus, workspace=tmp_path, clock=clock) as bench:
        for _ in range(20):
            bench.bus.publish("work", 1, source="a")
        await clock.advance(2.0)
        await _turn(bench)
        bus = bench.get(MessageBus)
        assert bus.rate == bench.bus.statistics().published / 2.0
        assert bench.counts["message_bus"] >= 20


async def _turn(bench: Bench) -> None:
    """Wake the kernel's loop once and let it finish its turn."""
    await bench.bus.request("bus.ping", "turn", source="message_bus")
    await asyncio.sleep(0)
