"""Who may use which topic: ordered, explained, open where no rule speaks."""

from collections.abc import Mapping, Sequence

from grace_tui.kernel.topics import matches

CORE = frozenset({"supervisor", "room"})
"""The core's own sources; no rule can silence them, or a bad rule would blind the room."""


class Rules:
    """Topic pattern -> the sources that may publish on it and read it."""

    def __init__(self, rules: Mapping[str, Sequence[str]]) -> None:
        self.table = {pattern: tuple(sources) for pattern, sources in rules.items()}

    def refusal(self, source: str, topic: str) -> str | None:
        """Return the rule that forbids `source` the use of `topic`, in words; None where it may."""
        if source in CORE:
            return None
        for pattern, sources in self.table.items():
            if source not in sources and (matches(pattern, topic) or matches(topic, pattern)):
                return f"{pattern} is for {', '.join(sources) or 'nobody'}"
        return None
