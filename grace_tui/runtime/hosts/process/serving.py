"""The core as a kernel's process is served it: its ports, its handles, its mailboxes. One a running process.

A port answers to the names of its Protocol and to nothing else. What waits (an asynchronous port, another kernel) is a
task of its own, cancelled with the process; nothing here ever waits for the process.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import anyio.to_thread

from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import GraceError, RemoteFailure
from grace_tui.kernel.handle import Handle
from grace_tui.kernel.ports import Overflow
from grace_tui.runtime.hosts.process.link import Link, answer
from grace_tui.runtime.hosts.process.mail import Mail
from grace_tui.runtime.hosts.process.ports import served
from grace_tui.runtime.hosts.wire import CannotTravel
from grace_tui.runtime.hosts.wire_errors import REMOTE

Describe = Callable[[BaseException, str, str], Mapping[str, object] | None]
"""Error, kernel, phase -> the failure as plain data."""


class NotServed(GraceError):
    """A process asked for something that the core does not offer."""

    def __init__(self, port: str, name: str) -> None:
        super().__init__(f"the core offers no {port}.{name}")
        self.port, self.name = port, name


class Serving:
    """Hears what one process says and acts on it through the context of its kernel."""

    def __init__(self, link: Link, context: KernelContext, describe: Describe, *, clock: bool = False) -> None:
        self.link, self.context, self.describe = link, context, describe
        self.ports = served(context, clock)
        self.boxes: dict[int, Mail] = {}
        self.summary = ""
        self.state: Mapping[str, object] = context.saved_state
        self._acts: dict[int, asyncio.Task[None]] = {}
        self._heard: dict[str, Callable[..., None]] = {
            "port": self._port,
            "handle": self._handle,
            "subscribe": self._subscribe,
            "close": self._close_box,
            "cancel": self._cancel,
            "took": self._took,
            "beat": lambda: context.beat(),
            "pulse": self._pulse,
            "note": self._note,
            "state": self._state,
            "failed": lambda error, phase: context.failed(error, phase),
        }
        link.heard = self.hear

    def hear(self, words: Sequence[Any]) -> None:
        what, *rest = words
        self._heard[what](*rest)

    def close(self) -> None:
        """Let nothing act for the process any more; messages it never took go back to their mailboxes."""
        for act in self._acts.values():
            act.cancel()
        for box in self.boxes.values():
            box.close()
        self.boxes.clear()

    # ---- ports and handles

    def _port(
        self, number: int, port: str, name: str, arguments: Sequence[Any], named: Mapping[str, Any], threaded: bool
    ) -> None:
        target, names = self.ports.get(port, (None, {}))
        way = names.get(name)
        path = f"{port}.{name}()"

        def act() -> Any:
            return getattr(target, name) if way == "property" else getattr(target, name)(*arguments, **named)

        if way is None or way == "note":
            self.link.tell("raised", number, NotServed(port, name))
        elif way == "async":
            self._begin(number, act, path)
        elif threaded:
            # It was called from a worker thread, because it may take long: so it is here.
            self._begin(number, lambda: anyio.to_thread.run_sync(act), path)
        else:
            self._answer_now(number, act, path)

    def _handle(
        self, number: int, provider: str, method: str, arguments: Sequence[Any], named: Mapping[str, Any]
    ) -> None:
        context = self.context
        handle = Handle(provider, context.resolve, consumer=context.name, took=context.took)
        self._begin(number, lambda: getattr(handle, method)(*arguments, **named), f"{provider}.{method}()")

    def _answer_now(self, number: int, act: Callable[[], Any], path: str) -> None:
        try:
            value = act()
        except Exception as error:  # the caller's, as in a task: a refusal, or a wrong argument
            self._raised(number, error)
        else:
            answer(self.link, number, value, path)

    def _begin(self, number: int, act: Callable[[], Coroutine[Any, Any, Any]], path: str) -> None:
        async def carry_out() -> None:
            try:
                answer(self.link, number, await act(), path)
            except BaseException as error:  # the caller's, as in a task: SystemExit of a provider, a cancellation
                self._raised(number, error)
            finally:
                self._acts.pop(number, None)

        self._acts[number] = self.link.spawn(carry_out(), f"{self.context.name} asks {path}")

    def _cancel(self, number: int) -> None:
        act = self._acts.get(number)
        if act is not None:
            act.cancel()

    def _raised(self, number: int, error: BaseException) -> None:
        if not isinstance(error, GraceError) and REMOTE not in vars(error):
            # The process has no frames of ours: what they tell of the failure is told along.
            described = self.describe(error, self.context.name, "call")
            vars(error)[REMOTE] = RemoteFailure(type(error).__name__, str(error), described=described)
        try:
            self.link.tell("raised", number, error)
        except CannotTravel as refused:
            self.link.tell("raised", number, refused)

    # ---- mailboxes

    def _subscribe(self, number: int, subscriber: str, pattern: str, capacity: int, overflow: Overflow) -> None:
        def subscribe() -> int:
            box = self.context.bus.subscribe(subscriber, pattern, capacity=capacity, overflow=overflow)
            self.context.subscriptions.append(box)
            self.boxes[number] = Mail(self.link, number, box, lambda error: self.context.log.warning(str(error)))
            return number

        self._answer_now(number, subscribe, "bus.subscribe()")

    def _close_box(self, number: int, box: int) -> None:
        mail = self.boxes.get(box)
        if mail is not None:
            mail.shut()
        self.link.tell("done", number, None)

    def _took(self, box: int, message: int) -> None:
        self.boxes[box].took(message)

    # ---- what it tells of itself

    def _pulse(self, units: int, summary: str) -> None:
        self.summary = summary
        if units:
            self.context.count(units)

    def _note(self, port: str, name: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> None:
        target, names = self.ports[port]
        if names.get(name) == "note":
            getattr(target, name)(*arguments, **named)

    def _state(self, state: Mapping[str, object]) -> None:
        self.state = state
        try:
            self.context.keep_state(state)
        except Exception as error:  # not plain JSON, or a full disk: told, and the last good one stays
            self.context.failed(error, "save_state")


def silent_for(link: Link) -> float:
    """Seconds since a process last said anything."""
    return time.monotonic() - link.heard_at
