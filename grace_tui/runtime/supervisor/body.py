"""One run of one kernel: start, run and probe together, stop. Here stands the crash boundary.

Whatever a kernel raises ends here as an outcome; only the cancellation of the whole supervisor passes through.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.failures import KernelCancelled, KernelReturned, StartTimeout, leaf


@dataclass(frozen=True, slots=True)
class Ended:
    """The body came to an end that was asked for, or that its restart type allows."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    phase: str
    error: BaseException


Outcome = Ended | Failed


async def run_body(child: Child, kind: type[Kernel], context: KernelContext, ready: Callable[[], None]) -> Outcome:
    """Make an instance and run it until it ends; `ready` is called once its probe is green."""
    made: list[Kernel] = []
    scope = child.scope or anyio.CancelScope()
    outcome = await _guarded(child, scope, kind, context, ready, made)
    if child.scope is scope:
        child.instance = None  # what has ended serves nobody, and has no state to save, while it lets go
    problem = await _let_go(child, made[0]) if made else None
    context.close()
    if child.scope is scope:  # a body that was left behind owns nothing of its child any more
        child.scope = None
    return problem if problem and isinstance(outcome, Ended) else outcome


async def _guarded(
    child: Child,
    scope: anyio.CancelScope,
    kind: type[Kernel],
    context: KernelContext,
    ready: Callable[[], None],
    made: list[Kernel],
) -> Outcome:
    if scope.cancel_called:  # stopped before its first step
        return Ended(child.ending)
    try:
        with scope:
            child.phase = "start"
            made.append(kind(context))
            await _serve(child, scope, made[0], ready)
    except asyncio.CancelledError:
        if _asked_to_end():
            raise
        return Failed(child.phase, KernelCancelled(child.name))
    except BaseException as error:  # the crash boundary: SystemExit and KeyboardInterrupt of a kernel end here too
        return Failed(child.phase, leaf(error))
    if child.hung is not None:
        return Failed("heartbeat", child.hung)
    if scope.cancel_called:
        return Ended(child.ending)
    if kind.spec.restart == "permanent":
        return Failed("run", KernelReturned(child.name))
    return Ended("finished")


async def _serve(child: Child, scope: anyio.CancelScope, kernel: Kernel, ready: Callable[[], None]) -> None:
    limit = kernel.spec.start_timeout
    with anyio.move_on_after(limit) as starting:
        await kernel.start()
    if starting.cancelled_caught:
        raise StartTimeout(child.name, "start", limit)
    if scope.cancel_called:  # `start` swallowed its cancellation; the child may belong to another body by now
        return
    child.instance = kernel
    async with anyio.create_task_group() as tasks:
        child.phase = "run"
        tasks.start_soon(_prove, child, kernel, ready, name=f"probe:{child.name}")
        await kernel.run()
        tasks.cancel_scope.cancel()


async def _prove(child: Child, kernel: Kernel, ready: Callable[[], None]) -> None:
    limit = kernel.spec.start_timeout
    try:
        with anyio.move_on_after(limit) as proving:
            await kernel.probe()
        if proving.cancelled_caught:
            raise StartTimeout(child.name, "probe", limit)
    except asyncio.CancelledError:
        if _asked_to_end():
            raise
        child.phase = "probe"
        # A task group takes a child task's cancellation for a wish of its own: it must leave as an error.
        raise KernelCancelled(child.name) from None
    except BaseException as error:
        child.phase = "probe"
        if isinstance(error, SystemExit | KeyboardInterrupt):  # bare, it would leave the loop with this task
            raise BaseExceptionGroup("the probe", [error]) from None
        raise
    ready()


async def _let_go(child: Child, kernel: Kernel) -> Failed | None:
    """Call `stop` within its deadline, also while the kernel is being cancelled."""
    limit = kernel.spec.stop_timeout
    try:
        with anyio.move_on_after(limit, shield=True) as stopping:
            await kernel.stop()
    except BaseException as error:  # part of the crash boundary: a failing stop is a failure like any other
        return Failed("stop", leaf(error))
    if stopping.cancelled_caught:
        return Failed("stop", GraceError(f"{child.name}.stop took longer than {limit:g} s"))
    return None


def _asked_to_end() -> bool:
    """Whether this task was really cancelled, rather than handed a CancelledError that a kernel raised by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
