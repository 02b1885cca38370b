"""Lines that stand at the wrong depth: tabs among spaces, one line pushed aside."""

from collections.abc import Iterator, Sequence

from grace_tui.healing.repair.text.reading import Problem, indentation
from grace_tui.healing.repair.text.rule import Change, with_line

NEAR = 12
"""Lines around the place whose depth a line may have been meant to have."""


def misplaced(text: str, lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    words = problem.words
    if "indent" not in words and "tab" not in words:
        return
    for number in (problem.line, problem.line - 1):
        if 1 <= number <= len(lines) and lines[number - 1].strip():
            yield from _moved(lines, number, "tab" in words)


def _moved(lines: Sequence[str], number: int, tabs: bool) -> Iterator[Change]:
    line = lines[number - 1]
    own = indentation(line)
    wanted = _wanted(lines, number)
    if "\t" in own or any("\t" in each for each in wanted):
        plain = [own.expandtabs(width) for width in (8, 4)]
        fitting = [each for each in plain if each in wanted]
        for each in dict.fromkeys([*fitting, *plain]):
            words = f"tabs in the indentation of line {number} made spaces"
            yield Change(with_line(lines, number, each + line.lstrip(" \t\f")), 0.7, words)
    if tabs and "\t" not in own:
        return
    for each in wanted:
        if each != own:
            words = f"line {number} moved to the depth of its neighbours"
            yield Change(with_line(lines, number, each + line.lstrip(" \t\f")), 0.4, words, guess=True)


def _wanted(lines: Sequence[str], number: int) -> list[str]:
    """Indentations in use nearby, those that differ least first."""
    own = len(indentation(lines[number - 1]).expandtabs(8))
    others = [other for distance in range(1, NEAR) for other in (number - distance, number + distance)]
    near = [lines[other - 1] for other in others if 1 <= other <= len(lines)]
    found = dict.fromkeys(indentation(line) for line in near if line.strip())
    return sorted(found, key=lambda each: abs(len(each.expandtabs(8)) - own))[:3]
