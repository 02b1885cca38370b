"""What earlier heals have proven: of this tree first, then of this user; and what this one adds."""

from grace_tui.disk import digest
from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.heal.seen import Seen
from grace_tui.healing.repair.heal.stack import Stack
from grace_tui.healing.repair.knowledge import Knowledge, KnownFix
from grace_tui.healing.repair.patch import FileEdit, Patch
from grace_tui.healing.repair.sources import encode


class Memory:
    def __init__(self, home: Home) -> None:
        self.stores = tuple(Knowledge(folder) for folder in dict.fromkeys((home.knowledge, home.shared)))

    def find(self, seen: Seen, stack: Stack) -> Patch | None:
        """The fix that was proven for this failure on these very texts, if any is trusted."""
        for store in self.stores:
            fix = store.find(seen.signature)
            if isinstance(fix, KnownFix) and fix.trusted and (patch := _again(fix, stack)) is not None:
                return patch
        return None

    def learn(self, seen: Seen, patch: Patch) -> str:
        """Keep a fix that was proven; why it could not be kept, where it could not."""
        try:
            for store in self.stores:
                store.learn(seen.signature, seen.failure, patch)
        except (OSError, UnicodeEncodeError) as error:
            return f"the fix could not be remembered: {error}"
        return ""

    def failed(self, seen: Seen) -> None:
        """A fix that was remembered did not help."""
        for store in self.stores:
            store.outcome(seen.signature, success=False)


def _again(fix: KnownFix, stack: Stack) -> Patch | None:
    edits = []
    for file in fix.files:
        now = stack.text(file.path)
        if ("" if now is None else digest(encode(now))) != file.before:
            return None
        edits.append(FileEdit(file.path, now, file.text))
    return Patch(fix.operator, fix.site, fix.summary, tuple(edits))
