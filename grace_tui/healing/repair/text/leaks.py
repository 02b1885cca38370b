"""Text around the code that is none: a fence of Markdown, an answer's first words, what an editor or a shell left."""

import re
from collections.abc import Iterator, Sequence

from grace_tui.healing.repair.text.reading import END, Problem, problem_in
from grace_tui.healing.repair.text.rule import Change

_FENCE = re.compile(r"^\s*(?:```|~~~)\s*[\w+-]*\s*$")
_CODE = re.compile(
    r"^\s*(?:(?:async\s+)?(?:def|class|for|with)\s+\w.*|(?:if|while|elif|except)\b.*|(?:else|try|finally):?|@\w[\w.]*(?:\(.*)?"
    r"|(?:import|from)\s+[\w.]+(?:\s+import\b.*|\s*(?:,.*|as\s+\w+)?)|return\b.*|yield\b.*|raise\b.*|[\w.\[\]'\"]+\s*[-+*/|&%]?=[^=].*"
    r"|[\w.]+\(.*)$"
)
LEAST = 0.5
"""Share of the file that has to be code before what follows it is said to be none."""


def leaked(text: str, lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    fences = [number for number, line in enumerate(lines) if _FENCE.match(line)]
    if fences:
        yield from _fenced(lines, fences)
    if problem.line != END:
        yield from _at_the_end(lines, problem)


def _fenced(lines: Sequence[str], fences: Sequence[int]) -> Iterator[Change]:
    if len(fences) >= 2 and not _has_code(lines[: fences[0]]) and not _has_code(lines[fences[-1] + 1 :]):
        inside = "".join(lines[fences[0] + 1 : fences[-1]])
        yield Change(inside, 0.9, "the code taken out of a fenced block")
    if not _has_code(lines[fences[-1] :]):
        yield Change("".join(lines[: fences[-1]]), 0.9, f"text after the code removed, from line {fences[-1] + 1}")
    if len(fences) == 1 and not _has_code(lines[: fences[0]]):
        yield Change("".join(lines[fences[0] + 1 :]), 0.9, f"text before the code removed, to line {fences[0] + 1}")
    kept = "".join(line for number, line in enumerate(lines) if number not in fences)
    yield Change(kept, 0.7, "fences of Markdown removed")


def _at_the_end(lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    """The longest beginning that can be read, if what follows it is prose and short."""
    first = max(int(len(lines) * LEAST), 1)
    for number in range(min(problem.line, len(lines)), first - 1, -1):
        tail = lines[number - 1 :]
        if _has_code(tail):
            return
        head = "".join(lines[: number - 1])
        if head.strip() and problem_in(head) is None:
            yield Change(head.rstrip() + "\n", 0.8, f"text after the code removed, from line {number}")
            return


def _has_code(lines: Sequence[str]) -> bool:
    return any(_CODE.match(line) for line in lines)
