"""The transport: topics to mailboxes, on the supervisor loop only. It outlives the kernel that serves it.

Publishing never waits: it appends to mailboxes and wakes their readers.
"""

import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from grace_tui.kernel.errors import Denied, GraceError, NoReply
from grace_tui.kernel.events import Event
from grace_tui.kernel.ports import Overflow, Subscription
from grace_tui.kernel.records import PRIORITY_CRITICAL, PRIORITY_LOW, PRIORITY_NORMAL, BusStatistics, Message
from grace_tui.kernel.topics import matches
from grace_tui.runtime.bus.drained import Drained, drain, refill
from grace_tui.runtime.bus.mailbox import Mailbox
from grace_tui.runtime.bus.rules import CORE, Rules

DEAD_LETTERS_KEPT = 200
ROUTES_KEPT = 4096
TOPICS_KEPT = 1000
OTHER_TOPICS = "(other)"
"""Where messages are counted once `TOPICS_KEPT` topics have counts of their own; names made on the fly end here."""


class Route:
    """Where one source's messages on one topic go; made once and dropped when mailboxes or rules change."""

    __slots__ = ("boxes", "topic")

    def __init__(self, topic: str, boxes: tuple[Mailbox, ...]) -> None:
        self.topic = topic
        self.boxes = boxes


class MemoryBus:
    """BusPort in this process; made and used on one thread, the supervisor's."""

    def __init__(self, took: Callable[[str, str, float], None] = lambda provider, name, seconds: None) -> None:
        """`took` is told of each request who answered, what it asked, and how long it took."""
        self._took = took
        self._boxes: list[Mailbox] = []
        self._routes: dict[tuple[str, str], Route] = {}
        self._rules = Rules({})
        self._ids = itertools.count(1)
        self._thread = threading.get_ident()
        self._topics: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._dead: deque[Message] = deque(maxlen=DEAD_LETTERS_KEPT)
        self.published = self.delivered = self.denied = self.dead = 0
        self._dropped_before = 0
        self._parked: dict[str, list[Mailbox]] = {}
        """Subscriber -> mailboxes that wait for its next instance; they go on taking messages."""

    def publish(
        self, topic: str, payload: object, *, source: str, priority: int = PRIORITY_NORMAL, correlation: str = ""
    ) -> int:
        """Deliver to every matching mailbox and return how many took it.

        Raises:
            Denied: a rule forbids it.
            MailboxFull: a mailbox that refuses when full was full; the others have the message. The core is not
                told: a kernel that does not read its mail must not stop the supervisor. The drop is counted.
        """
        self._check_thread(source, f"published {topic}")
        if not PRIORITY_LOW <= priority <= PRIORITY_CRITICAL:
            raise GraceError(f"priority {priority} of {topic} is not between {PRIORITY_LOW} and {PRIORITY_CRITICAL}")
        route = self._routes.get((source, topic)) or self._route(source, topic)
        message = Message(topic, payload, source, priority, next(self._ids), correlation)
        self.published += 1
        self._count(topic)
        boxes = route.boxes
        if not boxes:
            self._note_dead(message)
            return 0
        taken = 0
        refused: Exception | None = None
        for box in boxes:
            try:
                taken += box.put(message)
            except GraceError as error:  # one full mailbox must not keep the message from the others
                refused = error
                box.dropped += 1
        self.delivered += taken
        if refused is not None and source not in CORE:
            raise refused
        return taken

    def subscribe(
        self, subscriber: str, pattern: str, *, capacity: int = 1024, overflow: Overflow = "drop_oldest"
    ) -> Mailbox:
        """Open a mailbox for `pattern`, or take over the one that was parked for it.

        Raises:
            Denied: a rule forbids it.
        """
        self._check_thread(subscriber, f"subscribed to {pattern}")
        self._check(subscriber, "read", pattern)
        for parked in self._parked.get(subscriber, ()):
            if parked.pattern == pattern:
                self._parked[subscriber].remove(parked)
                parked.capacity, parked.overflow = capacity, overflow
                return parked
        box = Mailbox(subscriber, pattern, capacity, overflow, self._forget)
        self._boxes.append(box)
        self._routes.clear()
        return box

    def park(self, box: Subscription) -> None:
        """Keep a mailbox open for the next instance of its subscriber, which takes it over by the same pattern."""
        if isinstance(box, Mailbox) and box in self._boxes:
            self._parked.setdefault(box.subscriber, []).append(box)

    def close_parked(self, subscriber: str) -> None:
        """Close the mailboxes of a subscriber that nobody took over."""
        for box in self._parked.pop(subscriber, ()):
            box.close()

    async def request(self, topic: str, payload: object, *, source: str, timeout: float = 5.0) -> Message:
        """Publish and wait for the reply.

        Raises:
            NoReply: nobody answered in time.
        """
        correlation = f"{source}-{next(self._ids)}"
        box = self.subscribe(source, f"reply.{correlation}", capacity=1)
        began, answer = time.perf_counter(), None
        try:
            self.publish(topic, payload, source=source, correlation=correlation)
            answer = await box.receive(timeout)
        finally:
            box.close()
            provider = "" if answer is None else answer.source
            self._took(provider, f"request of {topic}", time.perf_counter() - began)
        if answer is None:
            raise NoReply(topic, timeout)
        return answer

    def reply(self, request: Message, payload: object, *, source: str) -> None:
        """Answer a request; a message that asked for no answer is refused."""
        if not request.correlation:
            raise GraceError(f"message {request.id} on {request.topic} asked for no reply")
        self.publish(f"reply.{request.correlation}", payload, source=source, correlation=request.correlation)

    def statistics(self) -> BusStatistics:
        depths: Counter[str] = Counter()
        for box in self._boxes:
            depths[box.subscriber] += box.size
        return BusStatistics(
            published=self.published,
            delivered=self.delivered,
            dropped=self._dropped_before + sum(box.dropped for box in self._boxes),
            denied=self.denied,
            dead_letters=self.dead,
            subscriptions=len(self._boxes),
            topics=dict(self._topics),
            depths=dict(depths),
            refusals=dict(self._refusals),
        )

    def mailboxes(self, subscriber: str) -> Sequence[Mapping[str, object]]:
        """What one subscriber's mailboxes are for, how full they are, and what they lost."""
        return [
            {"pattern": box.pattern, "waiting": box.size, "capacity": box.capacity, "dropped": box.dropped}
            for box in self._boxes
            if box.subscriber == subscriber
        ]

    def drain(self, subscriber: str, pattern: str = "", most: int = 10_000) -> list[Drained]:
        """Take waiting messages out of one subscriber's mailboxes; they are the caller's until `refill`."""
        return drain(self._boxes_of(subscriber), pattern, most)

    def refill(self, subscriber: str, drained: Sequence[Drained]) -> None:
        """Put drained messages back.

        Raises:
            NoMailbox: the subscriber has no such mailbox now; nothing was put back.
        """
        refill(subscriber, self._boxes_of(subscriber), drained)

    def dead_letters(self) -> Sequence[Message]:
        return tuple(self._dead)

    def set_rules(self, rules: Mapping[str, Sequence[str]]) -> None:
        """Replace the rules; open mailboxes stay open, their next subscription is checked."""
        self._rules = Rules(rules)
        self._routes.clear()

    def rules(self) -> Mapping[str, tuple[str, ...]]:
        return dict(self._rules.table)

    def _route(self, source: str, topic: str) -> Route:
        self._check(source, "publish on", topic)
        route = Route(topic, tuple(box for box in self._boxes if matches(box.pattern, topic)))
        if not topic.startswith("reply."):
            if len(self._routes) >= ROUTES_KEPT:
                self._routes.clear()
            self._routes[source, topic] = route
        return route

    def _count(self, topic: str) -> None:
        if topic in self._topics:
            self._topics[topic] += 1
        elif not topic.startswith("reply."):  # a reply's topic is used once
            self._topics[topic if len(self._topics) < TOPICS_KEPT else OTHER_TOPICS] += 1

    def _check_thread(self, who: str, did: str) -> None:
        if threading.get_ident() != self._thread:
            raise GraceError(f"{who} {did} from a worker thread; use the bus from the kernel's own task")

    def _check(self, who: str, act: str, topic: str) -> None:
        refusal = self._rules.refusal(who, topic)
        if refusal is not None:
            self.denied += 1
            if len(self._refusals) < TOPICS_KEPT or f"{who} {topic}" in self._refusals:
                self._refusals[f"{who} {topic}"] += 1
            raise Denied(who, f"{act} {topic}", refusal)

    def _note_dead(self, message: Message) -> None:
        # A fact that nobody listens to is no loss; a message that was meant for somebody is.
        if not isinstance(message.payload, Event):
            self.dead += 1
            self._dead.append(message)

    def _boxes_of(self, subscriber: str) -> list[Mailbox]:
        return [box for box in self._boxes if box.subscriber == subscriber]

    def _forget(self, box: Mailbox) -> None:
        if box in self._boxes:
            self._boxes.remove(box)
            self._dropped_before += box.dropped
            self._routes.clear()
