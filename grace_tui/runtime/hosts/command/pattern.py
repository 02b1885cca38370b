"""Regular expressions of other people, asked of lines of output on the loop: they must not be able to hold it.

Python's matcher cannot be interrupted. So a repeat within a repeat, which may take exponential time, is refused, lines
are cut, and a pattern that was measured to be slow is not asked again.
"""

import re
import time

from grace_tui.kernel.repeats import repeats_a_repeat
from grace_tui.runtime.hosts.command.errors import CommandUnusable

LINE = 2_000
"""Characters of a line that are looked at."""
SLOW = 0.05
"""Seconds one line may take."""


class LinePattern:
    def __init__(self, text: str) -> None:
        self.text = text
        self.slow = ""
        """Why it is not asked any more; empty while it is."""
        try:
            self._pattern = re.compile(text)
        except re.error as error:
            raise CommandUnusable(f"the pattern {text!r} is no regular expression: {error}") from None
        if repeats_a_repeat(self._pattern):
            raise CommandUnusable(f"the pattern {text!r} repeats a repeat, which may take for ever; write it flat")

    def found_in(self, line: str) -> bool:
        if self.slow:
            return False
        began = time.perf_counter()
        found = self._pattern.search(line[:LINE]) is not None
        if not found and (took := time.perf_counter() - began) > SLOW:
            self.slow = f"the pattern {self.text!r} took {took * 1000:.0f} ms for one line, and is not asked any more"
        return found
