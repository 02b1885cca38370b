"""Topics, priorities, bounded mailboxes, access rules, requests: what publishers and readers may rely on."""

import asyncio
import threading
from dataclasses import dataclass

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace_tui.kernel import Denied, GraceError, NoReply, Tick
from grace_tui.kernel.ports import Overflow
from grace_tui.runtime.bus import Mailbox, MailboxFull, MemoryBus, NoMailbox
from grace_tui.runtime.bus.bus import OTHER_TOPICS, ROUTES_KEPT, TOPICS_KEPT


def payloads(box: Mailbox) -> list[object]:
    found = []
    while (message := box.pop()) is not None:
        found.append(message.payload)
    return found


def fill(bus: MemoryBus, *sent: object, priority: int = 1, source: str = "me") -> None:
    for payload in sent:
        bus.publish("t", payload, source=source, priority=priority)


@pytest.mark.parametrize(
    ("pattern", "topic", "taken"),
    [
        ("a.b", "a.b", 1),
        ("a.b", "a.b.c", 0),
        ("a.*", "a.b.c", 1),
        ("a.*", "a", 0),
        ("a.*", "ab.c", 0),
        ("*", "anything.at.all", 1),
    ],
)
def test_a_pattern_takes_what_falls_under_it(pattern: str, topic: str, taken: int) -> None:
    bus = MemoryBus()
    bus.subscribe("reader", pattern)
    assert bus.publish(topic, 1, source="me") == taken


def test_higher_priorities_come_first_and_equal_ones_in_order() -> None:
    bus = MemoryBus()
    box = bus.subscribe("reader", "t")
    for payload, priority in [("n1", 1), ("l", 0), ("c", 3), ("n2", 1), ("h", 2)]:
        fill(bus, payload, priority=priority)
    assert payloads(box) == ["c", "h", "n1", "n2", "l"]


@pytest.mark.parametrize("priority", [-1, 4])
def test_a_priority_outside_the_range_is_refused(priority: int) -> None:
    with pytest.raises(GraceError, match=f"priority {priority} of t is not between 0 and 3"):
        MemoryBus().publish("t", 1, source="me", priority=priority)


@pytest.mark.parametrize(("overflow", "kept"), [("drop_oldest", [2, 3]), ("drop_newest", [1, 2])])
def test_a_full_mailbox_drops_and_counts(overflow: Overflow, kept: list[int]) -> None:
    bus = MemoryBus()
    box = bus.subscribe("reader", "t", capacity=2, overflow=overflow)
    fill(bus, 1, 2, 3)
    assert payloads(box) == kept
    assert bus.statistics().dropped == 1


def test_a_flood_of_low_priority_does_not_push_out_what_matters() -> None:
    bus = MemoryBus()
    box = bus.subscribe("reader", "t", capacity=2)
    fill(bus, "alarm", priority=3)
    fill(bus, *range(5), priority=0)
    assert payloads(box) == ["alarm", 4]


def test_a_refusing_mailbox_tells_the_publisher_and_spares_the_other_readers() -> None:
    bus = MemoryBus()
    bus.subscribe("strict", "t", capacity=1, overflow="refuse")
    other = bus.subscribe("other", "t")
    fill(bus, 1)
    with pytest.raises(MailboxFull, match=r"mailbox of strict for t is full \(1 messages\)"):
        fill(bus, 2)
    assert payloads(other) == [1, 2]


def test_a_mailbox_that_is_not_read_never_stops_the_core() -> None:
    bus = MemoryBus()
    bus.subscribe("strict", "*", capacity=1, overflow="refuse")
    fill(bus, 1, 2, 3, source="supervisor")
    assert bus.statistics().dropped == 2


def test_drops_of_closed_mailboxes_stay_counted() -> None:
    bus = MemoryBus()
    box = bus.subscribe("reader", "t", capacity=1)
    fill(bus, 1, 2)
    box.close()
    box.close()
    assert (bus.statistics().dropped, bus.statistics().subscriptions) == (1, 0)


def test_a_mailbox_without_room_is_refused() -> None:
    with pytest.raises(GraceError, match="needs room for one message, not 0"):
        MemoryBus().subscribe("reader", "t", capacity=0)


def test_rules_deny_both_ways_and_count_it() -> None:
    bus = MemoryBus()
    bus.publish("secret.key", 1, source="stranger")
    bus.set_rules({"secret.*": ["owner"]})
    with pytest.raises(Denied, match=r"stranger may not publish on secret\.key: secret\.\* is for owner"):
        bus.publish("secret.key", 1, source="stranger")
    with pytest.raises(Denied, match="stranger may not read"):
        bus.subscribe("stranger", "*")
    bus.subscribe("owner", "secret.key")
    assert bus.publish("secret.key", 1, source="owner") == 1
    assert bus.statistics().denied == 2
    assert bus.rules() == {"secret.*": ("owner",)}


@pytest.mark.parametrize("core", ["supervisor", "room"])
def test_no_rule_silences_the_core(core: str) -> None:
    bus = MemoryBus()
    bus.set_rules({"*": []})
    bus.subscribe(core, "*")
    assert bus.publish("kernel.state", 1, source=core) == 1


async def test_a_request_gets_its_reply() -> None:
    bus = MemoryBus()
    box = bus.subscribe("server", "ask")

    async def serve() -> None:
        message = await box.receive(5)
        assert message is not None
        bus.reply(message, "answer", source="server")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve)
        assert (await bus.request("ask", "question", source="client")).payload == "answer"
    assert bus.statistics().subscriptions == 1
    assert set(bus.statistics().topics) == {"ask"}


async def test_a_request_nobody_answers_says_so_and_leaves_nothing_open() -> None:
    bus = MemoryBus()
    bus.subscribe("server", "ask")
    with pytest.raises(NoReply, match=r"nobody answered ask within 0\.001 s"):
        await bus.request("ask", 1, source="client", timeout=0.001)
    assert bus.statistics().subscriptions == 1


def test_a_message_that_asked_for_nothing_is_not_answered() -> None:
    bus = MemoryBus()
    box = bus.subscribe("server", "t")
    fill(bus, 1)
    message = box.pop()
    assert message is not None
    with pytest.raises(GraceError, match="asked for no reply"):
        bus.reply(message, 2, source="server")


def test_messages_nobody_takes_are_dead_letters_and_facts_are_not() -> None:
    bus = MemoryBus()
    fill(bus, "lost")
    bus.publish(Tick.topic, Tick(1.0), source="me")
    assert [message.payload for message in bus.dead_letters()] == ["lost"]
    assert bus.statistics().dead_letters == 1


@pytest.mark.parametrize("act", ["publish", "subscribe"])
def test_another_thread_is_refused_also_on_a_known_route(act: str) -> None:
    bus = MemoryBus()
    fill(bus, 1)
    errors: list[Exception] = []

    def use() -> None:
        try:
            fill(bus, 2) if act == "publish" else bus.subscribe("me", "t")
        except GraceError as error:
            errors.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "from a worker thread" in str(errors[0])


def test_topics_made_on_the_fly_do_not_fill_the_memory() -> None:
    bus = MemoryBus()
    for number in range(ROUTES_KEPT + 10):
        bus.publish(f"job.{number}", number, source="me")
        bus.publish(f"reply.{number}", number, source="me")
    topics = bus.statistics().topics
    assert len(topics) == TOPICS_KEPT + 1
    assert topics[OTHER_TOPICS] == ROUTES_KEPT + 10 - TOPICS_KEPT
    assert len(bus._routes) <= ROUTES_KEPT


async def test_a_cancelled_receiver_loses_no_message() -> None:
    bus = MemoryBus()
    box = bus.subscribe("reader", "t")
    waiting = asyncio.create_task(box.receive(5))
    await asyncio.sleep(0)
    fill(bus, "kept")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert payloads(box) == ["kept"]


@dataclass
class Sent:
    number: int
    priority: int


steps = st.lists(st.one_of(st.integers(0, 3), st.just("read")), max_size=60)


@settings(max_examples=150, deadline=None)
@given(steps, st.integers(1, 5), st.sampled_from(["drop_oldest", "drop_newest", "refuse"]))
def test_order_holds_within_a_priority_and_every_message_is_accounted_for(
    moves: list[int | str], capacity: int, overflow: Overflow
) -> None:
    bus = MemoryBus()
    box = bus.subscribe("reader", "t", capacity=capacity, overflow=overflow)
    received: list[Sent] = []
    offered = 0
    for move in moves:
        if isinstance(move, int):
            offered += 1
            try:
                bus.publish("t", Sent(offered, move), source="me", priority=move)
            except MailboxFull:
                assert overflow == "refuse"
        elif (message := box.pop()) is not None:
            assert isinstance(message.payload, Sent)
            received.append(message.payload)
    assert box.size == sum(len(lane) for lane in box.lanes) <= capacity
    assert offered == len(received) + box.dropped + box.size
    assert bus.statistics().delivered == len(received) + box.size + (box.dropped if overflow == "drop_oldest" else 0)
    for priority in range(4):
        numbers = [sent.number for sent in received if sent.priority == priority]
        assert numbers == sorted(numbers)


async def test_drained_messages_come_back_first_into_the_mailboxes_they_waited_in() -> None:
    bus = MemoryBus()
    first, second = bus.subscribe("reader", "t"), bus.subscribe("reader", "t")
    other = bus.subscribe("another", "t")
    fill(bus, 1, 2)
    fill(bus, "urgent", priority=3)
    drained = bus.drain("reader")
    assert (first.size, second.size, other.size) == (0, 0, 3)
    assert [(each.box, each.message.payload) for each in drained] == [
        (0, "urgent"),
        (0, 1),
        (0, 2),
        (1, "urgent"),
        (1, 1),
        (1, 2),
    ]
    fill(bus, 3)
    bus.refill("reader", drained)
    assert payloads(first) == payloads(second) == ["urgent", 1, 2, 3]


async def test_draining_is_bounded_and_leaves_what_waits_for_a_reply() -> None:
    bus = MemoryBus()
    box = bus.subscribe("reader", "t")
    bus.subscribe("reader", "u")
    bus.publish("t", "asked", source="me", correlation="me-1")
    fill(bus, 1, 2, 3)
    assert [each.message.payload for each in bus.drain("reader", "t", 2)] == [1, 2]
    assert bus.drain("reader", "u") == []
    assert box.size == 2
    assert payloads(box) == ["asked", 3]


async def test_messages_are_put_back_into_all_their_mailboxes_or_into_none() -> None:
    bus = MemoryBus()
    kept, closed = bus.subscribe("reader", "t"), bus.subscribe("reader", "*")
    fill(bus, 1)
    drained = bus.drain("reader")
    closed.close()
    with pytest.raises(NoMailbox, match=r"reader has no mailbox for \* now"):
        bus.refill("reader", drained)
    assert kept.size == 0
