"""One mailbox of a kernel in a process: the real one is here, and the next few messages are sent ahead.

Invariant: a message is in the mailbox, or in `ahead`, or was taken by the kernel; never in two of these, never in none.
"""

import asyncio
from collections.abc import Callable

from grace_tui.kernel.ports import Subscription
from grace_tui.kernel.records import Message
from grace_tui.runtime.hosts.process.link import Link
from grace_tui.runtime.hosts.wire import CannotTravel

AHEAD = 16
"""Messages that a process holds untaken at most, a mailbox."""
WAIT = 3600.0


class Mail:
    def __init__(self, link: Link, number: int, box: Subscription, refused: Callable[[CannotTravel], None]) -> None:
        self.link, self.number, self.box, self.refused = link, number, box, refused
        self.ahead: dict[int, Message] = {}
        """Sent and not taken, oldest first."""
        self._room = asyncio.Event()
        self._room.set()
        self._task = link.spawn(self._forward(), f"mail {number}")

    def took(self, message: int) -> None:
        """The kernel has taken a message."""
        del self.ahead[message]
        self._room.set()

    def shut(self) -> None:
        """The kernel wants no more; what was sent ahead it can still read."""
        self.box.close()
        self._task.cancel()

    def close(self) -> None:
        """The process is gone: what it never took comes out of the mailbox first."""
        self._task.cancel()
        self.box.put_back(tuple(self.ahead.values()))
        self.ahead.clear()

    async def _forward(self) -> None:
        while True:
            while len(self.ahead) >= AHEAD:
                self._room.clear()
                await self._room.wait()
            message = await self.box.receive(WAIT)
            if message is None:
                continue
            try:
                self.link.tell("mail", self.number, message, path=f"message {message.id} on {message.topic}")
            except CannotTravel as error:
                self.refused(error)
            else:
                self.ahead[message.id] = message
