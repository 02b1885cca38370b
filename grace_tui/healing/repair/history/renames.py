"""Classes that go by another name since a step of history: found by their members, and put back under the old one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grace_tui.healing.repair.history.segments import Segment, cut

LEAST = 0.6
"""Share of the words of a class that must be common to both."""


def renamed_classes(before: Sequence[Segment], after: Sequence[Segment], now: Sequence[Segment]) -> dict[str, str]:
    """Name now -> name before, of classes that the step renamed and that still have the later name only."""
    earlier, later, present = _classes(before), _classes(after), _classes(now)
    gone = {name: words for name, words in earlier.items() if name not in later and name not in present}
    made = {name: words for name, words in later.items() if name not in earlier and name in present}
    pairs: dict[str, str] = {}
    for new, words in made.items():
        scored = [(_shared(words, others), old) for old, others in gone.items() if _owner(old) == _owner(new)]
        score, old = max(scored, default=(0.0, ""))
        if score >= LEAST and old not in pairs.values():
            pairs[new] = old
    return pairs


def former_names(segments: Sequence[Segment], renamed: Mapping[str, str]) -> list[Segment]:
    """The segments by the keys that they had before their class was renamed."""
    found = list(segments)
    for new, old in renamed.items():
        found = [_formerly(segment, new, old) for segment in found]
    return found


def with_alias(text: str, old: str, new: str) -> str:
    """The text with a class also by its later name, which others have begun to use."""
    segments = cut(text)
    if segments is None or _owner(old):
        return text
    mine = (segment.key == f"class {old}" or f"{segment.owner}.".startswith(f"{old}.") for segment in segments)
    last = max(at for at, inside in enumerate(mine) if inside)
    alias = f"\n\n{new} = {old}  # kept for callers of the later name\n"
    parts = [segment.text for segment in segments]
    return "".join([*parts[: last + 1], alias, *parts[last + 1 :]])


def _formerly(segment: Segment, new: str, old: str) -> Segment:
    owner, key = segment.owner, segment.key
    if key == f"class {new}":
        return replace(segment, key=f"class {old}")
    if owner != new and not owner.startswith(f"{new}."):
        return segment
    return replace(segment, owner=old + owner[len(new) :], key=key.replace(new, old, 1))


def _classes(segments: Sequence[Segment]) -> dict[str, Counter[str]]:
    """Class -> the words of all of it."""
    found = {segment.qualname: Counter(segment.words) for segment in segments if segment.key.startswith("class ")}
    for segment in segments:
        if segment.owner in found:
            found[segment.owner] += segment.words
    return found


def _shared(one: Counter[str], other: Counter[str]) -> float:
    return (one & other).total() / max(one.total(), other.total(), 1)


def _owner(qualname: str) -> str:
    return qualname.rpartition(".")[0]
