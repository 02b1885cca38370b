"""Proposing that a kernel may use a topic that the bus denies it. Nothing is widened without a person's yes.

The rules are the kernel message_bus's, which keeps what was granted; without that kernel nothing can be granted.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.kernel.topics import matches
from grace_tui.room.actions.act import Act, Undo
from grace_tui.room.actions.asked import Asked, undo_text, undo_texts
from grace_tui.room.asking import ask_kernel

if TYPE_CHECKING:
    from grace_tui.room.core import Room

KEEPER = "message_bus"


async def propose_acl(room: "Room", asked: Asked) -> Done:
    kernel, topic = asked.kernel(), _topic(asked)
    room.supervisor.child(kernel)
    rules = room.parts.bus.rules()
    patterns = in_the_way(rules, kernel, topic)
    if not patterns:
        raise ActionFailed(f"{kernel} may use {topic} already")
    lines = "; ".join(f"{pattern} = {[*rules[pattern], kernel]}".replace("'", '"') for pattern in patterns)
    question = f"May {kernel} publish on {topic} and read it? The rules of the bus would be: {lines}"
    return Done(f"proposed that {kernel} may use {topic}", question=question)


async def propose_acl_approved(room: "Room", asked: Asked) -> Done:
    kernel, topic = asked.kernel(), _topic(asked)
    patterns = in_the_way(room.parts.bus.rules(), kernel, topic)
    for pattern in patterns:
        await ask_kernel(room, asked.by, KEEPER, "allow", pattern, [kernel])
    if left := in_the_way(room.parts.bus.rules(), kernel, topic):
        raise ActionFailed(f"{kernel} still may not use {topic}: {', '.join(left)} forbids it")
    return Done(f"{kernel} may use {topic}", undo={"kernel": kernel, "patterns": list(patterns)})


async def propose_acl_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    kernel, patterns = undo_text(undo, "kernel"), undo_texts(undo, "patterns")
    for pattern in patterns:
        await ask_kernel(room, asked.by, KEEPER, "disallow", pattern, [kernel])
    return f"{kernel} may not use {', '.join(patterns)} any more"


def in_the_way(rules: Mapping[str, Sequence[str]], kernel: str, topic: str) -> tuple[str, ...]:
    """The rules that forbid a kernel the use of a topic."""
    return tuple(
        pattern
        for pattern, sources in rules.items()
        if kernel not in sources and (matches(pattern, topic) or matches(topic, pattern))
    )


def _topic(asked: Asked) -> str:
    topic = asked.text("topic") or asked.call.incident.facts.get("topic")
    if not isinstance(topic, str) or not topic:
        raise ActionFailed("no topic is named, and the incident does not tell which was denied")
    return topic


ACTS = {"propose_acl": Act(propose_acl, propose_acl_undo, propose_acl_approved)}
