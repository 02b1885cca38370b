"""The message bus: topics, priorities, bounded mailboxes, access rules, request and reply."""

from grace_tui.runtime.bus.bus import MemoryBus
from grace_tui.runtime.bus.drained import Drained, NoMailbox
from grace_tui.runtime.bus.mailbox import Mailbox, MailboxFull

__all__ = ["Drained", "Mailbox", "MailboxFull", "MemoryBus", "NoMailbox"]
