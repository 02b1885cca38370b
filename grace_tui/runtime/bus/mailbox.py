"""One subscriber's mailbox: a lane a priority, bounded, with a stated policy for overflow. Loop-bound, no locks."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.ports import Overflow
from grace_tui.kernel.records import PRIORITY_CRITICAL, PRIORITY_LOW, Message


class MailboxFull(GraceError):
    """A mailbox that refuses when full was full; the publisher decides what to do."""

    def __init__(self, subscriber: str, pattern: str, capacity: int) -> None:
        super().__init__(f"the mailbox of {subscriber} for {pattern} is full ({capacity} messages)")
        self.subscriber, self.pattern, self.capacity = subscriber, pattern, capacity


class Mailbox:
    """Messages come out highest priority first, and in order of arrival within a priority."""

    __slots__ = ("_forget", "_waiter", "capacity", "dropped", "lanes", "overflow", "pattern", "size", "subscriber")

    def __init__(
        self, subscriber: str, pattern: str, capacity: int, overflow: Overflow, forget: "Callable[[Mailbox], None]"
    ) -> None:
        if capacity < 1:
            raise GraceError(f"the mailbox of {subscriber} for {pattern} needs room for one message, not {capacity}")
        self.subscriber, self.pattern = subscriber, pattern
        self.capacity, self.overflow = capacity, overflow
        self.lanes: tuple[deque[Message], ...] = (deque(), deque(), deque(), deque())
        # Invariant: `size` is the sum of the lanes' lengths.
        self.size = 0
        self.dropped = 0
        """Messages this mailbox lost to its overflow policy, refused ones among them."""
        self._waiter: asyncio.Future[None] | None = None
        self._forget = forget

    def put(self, message: Message) -> bool:
        """Take a message in; False where the policy dropped it.

        Raises:
            MailboxFull: the policy is `refuse` and there is no room.
        """
        if self.size >= self.capacity and not self._make_room():
            return False
        self.lanes[message.priority].append(message)
        self.size += 1
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
        return True

    async def receive(self, wait: float) -> Message | None:
        """Return the next message, or None after `wait` seconds without one. One receiver at a time."""
        if self.size == 0:
            await self._arrival(wait)
        return self.pop()

    def pop(self) -> Message | None:
        """Return the next message without waiting, or None."""
        if self.size == 0:
            return None
        for priority in range(PRIORITY_CRITICAL, PRIORITY_LOW - 1, -1):
            lane = self.lanes[priority]
            if lane:
                self.size -= 1
                return lane.popleft()
        raise AssertionError("a mailbox lost count of its messages")

    def take_out(self, wanted: Callable[[Message], bool], most: int) -> list[Message]:
        """Remove up to `most` waiting messages that are `wanted`, in the order in which they would have come out."""
        taken = list[Message]()
        for lane in reversed(self.lanes):
            kept = deque[Message]()
            while lane:
                message = lane.popleft()
                (taken if len(taken) < most and wanted(message) else kept).append(message)
            lane.extend(kept)
        self.size -= len(taken)
        return taken

    def put_back(self, messages: Sequence[Message]) -> None:
        """Give messages back that were received and not worked on: they come out again first, in their order.

        They were let in once: the capacity does not count against them.
        """
        for message in reversed(messages):
            self.lanes[message.priority].appendleft(message)
        self.size += len(messages)
        if messages and self._waiter is not None:
            _wake(self._waiter)

    def close(self) -> None:
        """Stop taking messages; what is waiting can still be read."""
        self._forget(self)

    def _make_room(self) -> bool:
        if self.overflow == "refuse":
            raise MailboxFull(self.subscriber, self.pattern, self.capacity)
        self.dropped += 1
        if self.overflow == "drop_newest":
            return False
        # The oldest of the lowest priority goes, so that a flood cannot push out what matters.
        for lane in self.lanes:
            if lane:
                lane.popleft()
                self.size -= 1
                break
        return True

    async def _arrival(self, wait: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(wait, _wake, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
