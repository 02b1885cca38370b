"""Taking waiting messages out of mailboxes and putting them back: what a drained queue is made of. Loop-bound."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import Message
from grace_tui.runtime.bus.mailbox import Mailbox


@dataclass(frozen=True, slots=True)
class Drained:
    """A message and the mailbox that it waited in."""

    pattern: str
    box: int
    """Which of the subscriber's mailboxes for that pattern, in the order of their opening."""
    message: Message


class NoMailbox(GraceError):
    """Messages cannot be put back: their subscriber does not read such messages now."""

    def __init__(self, subscriber: str, pattern: str) -> None:
        super().__init__(f"{subscriber} has no mailbox for {pattern} now")
        self.subscriber, self.pattern = subscriber, pattern


def drain(boxes: Sequence[Mailbox], pattern: str, most: int) -> list[Drained]:
    """Take messages out of one subscriber's mailboxes, each box's in the order in which they would have come out.

    A message that asks for a reply stays: whoever asked waits for it now. An empty `pattern` means every mailbox.
    """
    found = list[Drained]()
    for place, box in _placed(boxes):
        if not pattern or place[0] == pattern:
            taken = box.take_out(lambda message: not message.correlation, most - len(found))
            found.extend(Drained(*place, message) for message in taken)
    return found


def refill(subscriber: str, boxes: Sequence[Mailbox], drained: Sequence[Drained]) -> None:
    """Put messages back, so that they come out first and in their order.

    Raises:
        NoMailbox: one of the mailboxes is not there; nothing was put back.
    """
    places = dict(_placed(boxes))
    sorted_out: dict[Mailbox, list[Message]] = {}
    for each in drained:
        box = places.get((each.pattern, each.box))
        if box is None:
            raise NoMailbox(subscriber, each.pattern)
        sorted_out.setdefault(box, []).append(each.message)
    for box, messages in sorted_out.items():
        box.put_back(messages)


def _placed(boxes: Sequence[Mailbox]) -> Iterable[tuple[tuple[str, int], Mailbox]]:
    counts: dict[str, int] = {}
    for box in boxes:
        number = counts[box.pattern] = counts.get(box.pattern, -1) + 1
        yield (box.pattern, number), box
