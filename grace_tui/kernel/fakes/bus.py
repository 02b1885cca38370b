"""A bus in memory, with the contract of the real one."""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Any

from grace_tui.kernel.errors import Denied, GraceError, NoReply
from grace_tui.kernel.events import Event
from grace_tui.kernel.ports import Overflow
from grace_tui.kernel.records import PRIORITY_NORMAL, BusStatistics, Message
from grace_tui.kernel.topics import matches


class MemoryMailbox:
    def __init__(self, bus: "MemoryBus", subscriber: str, pattern: str, capacity: int, overflow: Overflow) -> None:
        self.bus, self.subscriber, self.pattern = bus, subscriber, pattern
        self.capacity, self.overflow = capacity, overflow
        self.waiting: list[Message] = []
        self.arrived = asyncio.Event()

    def put(self, message: Message) -> bool:
        if len(self.waiting) >= self.capacity:
            self.bus.dropped += 1
            if self.overflow == "refuse":
                raise GraceError(f"the mailbox for {self.pattern} is full ({self.capacity})")
            if self.overflow == "drop_newest":
                return False
            self.waiting.remove(min(self.waiting, key=lambda queued: queued.priority))
        self.waiting.append(message)
        self.waiting.sort(key=lambda queued: -queued.priority)
        self.arrived.set()
        return True

    async def receive(self, wait: float) -> Message | None:
        if not self.waiting:
            self.arrived.clear()
            try:
                # Not wait_for: it loses a cancellation that meets an arrival.
                async with asyncio.timeout(wait):
                    await self.arrived.wait()
            except TimeoutError:
                return None
        return self.waiting.pop(0)

    def put_back(self, messages: Sequence[Message]) -> None:
        self.waiting = sorted([*messages, *self.waiting], key=lambda queued: -queued.priority)
        self.arrived.set()

    def close(self) -> None:
        if self in self.bus.boxes:
            self.bus.boxes.remove(self)


class MemoryBus:
    def __init__(self) -> None:
        self.boxes: list[MemoryMailbox] = []
        self.messages: list[Message] = []
        self.acl: dict[str, tuple[str, ...]] = {}
        self.lost: deque[Message] = deque(maxlen=100)
        self.refusals: Counter[str] = Counter()
        self.denied = self.dropped = self.delivered = 0

    def _check(self, who: str, act: str, topic: str) -> None:
        for pattern, allowed in self.acl.items():
            if who not in allowed and (matches(pattern, topic) or matches(topic, pattern)):
                self.denied += 1
                self.refusals[f"{who} {topic}"] += 1
                raise Denied(who, f"{act} {topic}", f"{pattern} is for {', '.join(allowed)}")

    def publish(
        self, topic: str, payload: object, *, source: str, priority: int = PRIORITY_NORMAL, correlation: str = ""
    ) -> int:
        self._check(source, "publish on", topic)
        message = Message(topic, payload, source, priority, len(self.messages) + 1, correlation)
        self.messages.append(message)
        boxes = [box for box in self.boxes if matches(box.pattern, topic)]
        if not boxes and not isinstance(payload, Event):
            self.lost.append(message)
        taken, refused = 0, None
        for box in boxes:
            try:
                taken += bool(box.put(message))
            except GraceError as error:
                refused = error
        self.delivered += taken
        if refused is not None:
            raise refused
        return taken

    def subscribe(
        self, subscriber: str, pattern: str, *, capacity: int = 1024, overflow: Overflow = "drop_oldest"
    ) -> MemoryMailbox:
        self._check(subscriber, "read", pattern)
        box = MemoryMailbox(self, subscriber, pattern, capacity, overflow)
        self.boxes.append(box)
        return box

    async def request(self, topic: str, payload: object, *, source: str, timeout: float = 5.0) -> Message:
        correlation = f"{source}-{len(self.messages) + 1}"
        box = self.subscribe(source, f"reply.{correlation}")
        try:
            self.publish(topic, payload, source=source, correlation=correlation)
            answer = await box.receive(timeout)
        finally:
            box.close()
        if answer is None:
            raise NoReply(topic, timeout)
        return answer

    def reply(self, request: Message, payload: object, *, source: str) -> None:
        if not request.correlation:
            raise GraceError(f"message {request.id} on {request.topic} asked for no reply")
        self.publish(f"reply.{request.correlation}", payload, source=source, correlation=request.correlation)

    def statistics(self) -> BusStatistics:
        topics = Counter(message.topic for message in self.messages)
        depths: Counter[str] = Counter()
        for box in self.boxes:
            depths[box.subscriber] += len(box.waiting)
        counts = (len(self.messages), self.delivered, self.dropped, self.denied, len(self.lost), len(self.boxes))
        return BusStatistics(*counts, topics, depths, dict(self.refusals))

    def dead_letters(self) -> Sequence[Message]:
        return tuple(self.lost)

    def set_rules(self, rules: Mapping[str, Sequence[str]]) -> None:
        self.acl = {pattern: tuple(allowed) for pattern, allowed in rules.items()}

    def rules(self) -> Mapping[str, tuple[str, ...]]:
        return dict(self.acl)

    def events(self, kind: type[Any]) -> list[Any]:
        """Every event of one class that was published so far."""
        return [message.payload for message in self.messages if isinstance(message.payload, kind)]
