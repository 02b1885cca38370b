"""What earlier heals have proven: of this tree first, then of this user; and what this one adds."""

from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.heal.seen import Seen
from grace_tui.healing.repair.heal.stack import Stack
from grace_tui.healing.repair.knowledge import Knowledge, KnownFix, NotNow, Recalled, recall
from grace_tui.healing.repair.patch import Patch


class Memory:
    def __init__(self, home: Home) -> None:
        self.own = Knowledge(home.knowledge, home.root.name)
        """Of this tree; the other store is the user's, whatever the tree."""
        self.stores = (self.own, Knowledge(home.shared, home.root.name))

    def find(self, seen: Seen, stack: Stack) -> Recalled | None:
        """The fix that was proven for this failure, if any is trusted and applies to the texts as they are."""
        for store in self.stores:
            fix = store.find(seen.signature)
            if not isinstance(fix, KnownFix):
                continue
            found = recall(fix, stack.text)
            if store is self.own:
                store.expire(fix.signature, found.reason if isinstance(found, NotNow) and found.gone else "")
            if isinstance(found, Recalled) and fix.trusted:
                return found
        return None

    def learn(self, seen: Seen, patch: Patch, where: str = "") -> str:
        """Keep a fix that was proven; why it could not be kept, where it could not."""
        try:
            for store in self.stores:
                store.learn(seen.signature, seen.failure, patch, where)
        except (OSError, UnicodeEncodeError) as error:
            return f"the fix could not be remembered: {error}"
        return ""

    def taken_back(self, heal: str) -> None:
        """A person undid a heal: what it put in is not wanted as it was."""
        for store in self.stores:
            for fix in store.all()[0]:
                if any(outcome.where == heal and outcome.success for outcome in fix.outcomes):
                    store.outcome(fix.signature, success=False, where=heal, detail="the heal was undone")

    def failed(self, signature: str, why: str, where: str = "") -> None:
        """A fix that was remembered did not help, or was taken back."""
        for store in self.stores:
            store.outcome(signature, success=False, where=where, detail=why)
