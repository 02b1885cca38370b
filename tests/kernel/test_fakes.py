"""The in-memory bus keeps the contract of the real one: every test here runs on both."""

from collections.abc import Callable

import pytest

from grace_tui.kernel import Denied, GraceError, NoReply, Tick
from grace_tui.kernel.fakes import MemoryAudit, MemoryBus, RealClock
from grace_tui.kernel.ports import BusPort, Overflow, Subscription
from grace_tui.kernel.topics import matches
from grace_tui.runtime.bus import MemoryBus as RealBus


@pytest.fixture(params=[MemoryBus, RealBus], ids=["fake", "real"])
def bus(request: pytest.FixtureRequest) -> BusPort:
    make: Callable[[], BusPort] = request.param
    return make()


async def payloads(box: Subscription) -> list[object]:
    found = []
    while (message := await box.receive(0.001)) is not None:
        found.append(message.payload)
    return found


async def test_messages_come_by_priority_and_then_in_order(bus: BusPort) -> None:
    box = bus.subscribe("reader", "t")
    for payload, priority in [("n1", 1), ("low", 0), ("top", 3), ("n2", 1)]:
        assert bus.publish("t", payload, source="me", priority=priority) == 1
    assert await payloads(box) == ["top", "n1", "n2", "low"]


@pytest.mark.parametrize(
    ("overflow", "kept", "taken"), [("drop_oldest", ["alarm", 2], 1), ("drop_newest", ["alarm", 1], 0)]
)
async def test_a_full_mailbox_drops_what_matters_least(
    bus: BusPort, overflow: Overflow, kept: list[object], taken: int
) -> None:
    box = bus.subscribe("reader", "t", capacity=2, overflow=overflow)
    bus.publish("t", "alarm", source="me", priority=3)
    bus.publish("t", 1, source="me")
    assert bus.publish("t", 2, source="me") == taken
    assert bus.statistics().dropped == 1
    assert await payloads(box) == kept


async def test_a_refusal_reaches_the_publisher_and_the_others_have_the_message(bus: BusPort) -> None:
    bus.subscribe("strict", "t", capacity=1, overflow="refuse")
    other = bus.subscribe("other", "t")
    bus.publish("t", 1, source="me")
    with pytest.raises(GraceError, match="is full"):
        bus.publish("t", 2, source="me")
    assert await payloads(other) == [1, 2]
    assert bus.statistics().dropped == 1


async def test_rules_hold_both_ways(bus: BusPort) -> None:
    bus.set_rules({"secret.*": ["owner"]})
    with pytest.raises(Denied):
        bus.publish("secret.a", 1, source="stranger")
    with pytest.raises(Denied):
        bus.subscribe("stranger", "*")
    bus.subscribe("owner", "secret.a")
    assert bus.statistics().denied == 2


async def test_requests_replies_and_dead_letters(bus: BusPort) -> None:
    with pytest.raises(NoReply):
        await bus.request("ask", 1, source="me", timeout=0.001)
    assert [message.payload for message in bus.dead_letters()] == [1]
    bus.publish(Tick.topic, Tick(1.0), source="me")
    assert len(bus.dead_letters()) == 1
    box = bus.subscribe("reader", "t")
    bus.publish("t", 1, source="me")
    message = await box.receive(1)
    assert message is not None
    with pytest.raises(GraceError, match="asked for no reply"):
        bus.reply(message, 2, source="reader")


def test_the_fake_audit_log_finds_a_changed_entry() -> None:
    audit = MemoryAudit(RealClock())
    entry = audit.append({"actor": "me"})
    audit.append({"actor": "me"})
    assert audit.verify().ok
    entry.record["actor"] = "you"  # type: ignore[index]
    assert audit.verify().problem == "entry 1 was changed"


@pytest.mark.parametrize(
    ("pattern", "topic", "falls_under"),
    [
        ("*", "a", True),
        ("a", "a", True),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "ab", False),
        ("a", "a.b", False),
    ],
)
def test_a_topic_falls_under_a_pattern(pattern: str, topic: str, falls_under: bool) -> None:
    assert matches(pattern, topic) is falls_under
