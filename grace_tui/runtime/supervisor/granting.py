"""What the supervisor puts into the context of each new instance: its beats and counts, its state, its calls."""

import operator
from collections.abc import Awaitable, Callable, Mapping

from grace_tui.kernel.context import KernelContext
from grace_tui.runtime.supervisor.body import Failed
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.parts import Parts, publish_failure


def grant(child: Child, parts: Parts, resolve: Callable[[str, str], Awaitable[object]]) -> KernelContext:
    """A context for one instance; `resolve` takes who asks and for whom."""
    context = parts.make_context(child.name, child.log, child.settings)
    clock = parts.clock

    def beat() -> None:
        child.last_beat = clock.monotonic()

    def count(units: int) -> None:
        child.count += operator.index(units)

    def failed(error: BaseException, phase: str) -> None:
        publish_failure(parts, child, Failed(phase, error))

    def keep_state(state: Mapping[str, object]) -> None:
        parts.save_state(child.name, state)

    def resolve_for(provider: str) -> Awaitable[object]:
        return resolve(child.name, provider)

    context.beat, context.count, context.resolve = beat, count, resolve_for
    context.failed, context.keep_state = failed, keep_state
    context.ended = child.gate.open
    context.saved_state = parts.load_state(child.name)
    return context
