"""Which files that went are which files that came: the same content, or most of its lines, under another name."""

from collections.abc import Mapping

LEAST = 0.5
"""Share of the lines that must be common to both, as git asks of a rename."""
MOST = 200
"""Files on either side beyond which only equal content is looked for."""


def pair_moved(gone: Mapping[str, str], made: Mapping[str, str]) -> dict[str, str]:
    """New path -> old path, each file once, the surest pairs first. Both sides are given as path -> text."""
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for _, old, new in sorted(_likely(gone, made), key=lambda pair: (-pair[0], pair[1], pair[2])):
        if old not in taken and new not in pairs:
            pairs[new] = old
            taken.add(old)
    return pairs


def _likely(gone: Mapping[str, str], made: Mapping[str, str]) -> list[tuple[float, str, str]]:
    few = len(gone) <= MOST and len(made) <= MOST
    old_lines = {path: _lines(text) for path, text in gone.items() if few}
    found = []
    for new, text in made.items():
        lines = _lines(text) if few else frozenset[str]()
        for old, before in gone.items():
            same_name = 0.05 * (old.rpartition("/")[2] == new.rpartition("/")[2])
            if text.strip() and text == before:
                found.append((1 + same_name, old, new))
            elif few and (shared := _shared(lines, old_lines[old])) >= LEAST:
                found.append((shared + same_name, old, new))
    return found


def _lines(text: str) -> frozenset[str]:
    return frozenset(line for line in map(str.strip, text.splitlines()) if line)


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Measured against the larger: a file that was split did not move."""
    return len(one & other) / max(len(one), len(other)) if one and other else 0.0
