"""The core as a kernel in a process sees it: proxies made from the Protocols, and mailboxes that are filled ahead.

A synchronous method waits for the room's answer where it stands, as it would compute where it stands in a task.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

from grace_tui.kernel.ports import Overflow
from grace_tui.kernel.records import Message
from grace_tui.runtime.hosts.process.inside.channel import Channel
from grace_tui.runtime.hosts.process.ports import BUS, SERVED, Way, names_of

Asking = Callable[..., Coroutine[Any, Any, Any]]


def make_port(channel: Channel, port: str, protocol: type, **own: Any) -> Any:
    """An object with every name of a Protocol; each asks the room, but for those in `own`."""
    members = {name: _member(channel, port, name, way) for name, way in names_of(protocol).items()}
    return type(f"Remote{protocol.__name__}", (), {**members, **own})()


class RemotePorts:
    """Every port but time and folders, which are the machine's own."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.mailboxes: dict[int, RemoteMailbox] = {}
        self.table = {port: make_port(channel, port, protocol) for port, protocol in SERVED.items() if port != BUS}
        self.table[BUS] = make_port(channel, BUS, SERVED[BUS], subscribe=self._subscribe)

    def arrive(self, number: int, message: Message) -> None:
        """The room sent a message ahead; for a mailbox that was just closed it stays the room's."""
        mailbox = self.mailboxes.get(number)
        if mailbox is not None:
            mailbox.arrive(message)

    def _subscribe(
        self, subscriber: str, pattern: str, *, capacity: int = 1024, overflow: Overflow = "drop_oldest"
    ) -> "RemoteMailbox":
        number = self.channel.ask("bus.subscribe()", "subscribe", subscriber, pattern, capacity, overflow)
        mailbox = self.mailboxes[number] = RemoteMailbox(self.channel, number, self.mailboxes)
        return mailbox


class RemoteKernel:
    """Another kernel, wherever it lives: every call goes to the instance that runs at that moment."""

    def __init__(self, channel: Channel, provider: str) -> None:
        self._channel, self._provider = channel, provider

    def __getattr__(self, method: str) -> Asking:
        async def call(*arguments: object, **named: object) -> Any:
            path = f"{self._provider}.{method}()"
            return await self._channel.ask_soon(path, "handle", self._provider, method, arguments, named)

        return call


class RemoteMailbox:
    """A mailbox in the room, of which the next messages are here already.

    A message counts as taken the moment `receive` returns it; what lies here untaken at the end of the process is
    still the room's, and goes to the next instance.
    """

    def __init__(self, channel: Channel, number: int, register: "dict[int, RemoteMailbox]") -> None:
        self.channel, self.number, self._register = channel, number, register
        self._order = itertools.count()
        self._here: list[tuple[int, int, Message]] = []
        """Heap: higher priority first, then in order of arrival."""
        self._arrived: asyncio.Future[None] | None = None

    def arrive(self, message: Message) -> None:
        heapq.heappush(self._here, (-message.priority, next(self._order), message))
        if self._arrived is not None:
            _wake(self._arrived)

    async def receive(self, wait: float) -> Message | None:
        """Return the next message, or None after `wait` seconds without one. One receiver at a time."""
        if not self._here:
            await self._arrival(wait)
        if not self._here:
            return None
        message = heapq.heappop(self._here)[2]
        self.channel.tell("took", self.number, message.id)
        return message

    def close(self) -> None:
        """Stop taking messages; what is here can still be read."""
        if self._register.pop(self.number, None) is not None:
            self.channel.ask("close", "close", self.number)

    async def _arrival(self, wait: float) -> None:
        loop = asyncio.get_running_loop()
        arrived = self._arrived = loop.create_future()
        timer = loop.call_later(wait, _wake, arrived)
        try:
            await arrived
        finally:
            timer.cancel()
            self._arrived = None


def _wake(arrived: "asyncio.Future[None]") -> None:
    if not arrived.done():
        arrived.set_result(None)


def _member(channel: Channel, port: str, name: str, way: Way) -> Any:
    path = f"{port}.{name}()"

    def ask(self: object, *arguments: object, **named: object) -> Any:
        return channel.ask(path, "port", port, name, arguments, named, not channel.on_loop)

    async def ask_soon(self: object, *arguments: object, **named: object) -> Any:
        return await channel.ask_soon(path, "port", port, name, arguments, named, False)

    def note(self: object, *arguments: object, **named: object) -> None:
        channel.tell("note", port, name, arguments, named, substitute=str)

    ways: dict[Way, Any] = {"sync": ask, "async": ask_soon, "note": note, "property": property(ask)}
    return ways[way]
