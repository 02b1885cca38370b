"""Puts segments of an earlier version back into a file as it is now, and leaves the rest of it alone."""

import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from grace_tui.healing.repair.history.segments import Segment, cut


def three_way(now: str, base: str, before: str) -> str | None:
    """What leads from `base` to `before`, done to `now`; None where both changed the same lines."""
    if now == base:
        return before
    if before in (base, now):
        return now
    with tempfile.TemporaryDirectory(prefix="grace-merge-") as folder:
        names = []
        for name, text in (("now", now), ("base", base), ("before", before)):
            (Path(folder) / name).write_bytes(text.encode("utf-8", "surrogateescape"))
            names.append(name)
        try:
            argv = ["git", "merge-file", "-p", "-q", *names]
            done = subprocess.run(argv, cwd=folder, capture_output=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def like(text: str, now: str) -> str:
    """The text with the line ends of `now`."""
    plain = text.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if "\r\n" in now else plain


def put_back(
    now: Sequence[Segment],
    base: Mapping[str, Segment],
    before: Sequence[Segment],
    keys: Collection[str],
    instead: Mapping[str, str],
) -> str | None:
    """The text of `now` with the segments `keys` as they were in `before`.

    A key that `before` has not is taken out. `instead` gives for a key that is gone the one that took its place. A
    segment that changed after `base` is merged; None where that cannot be done, or the result does not parse.
    """
    result = list(now)
    former = {segment.key: segment for segment in before}
    for key in [segment.key for segment in before if segment.key in keys]:
        at = next((at for at, segment in enumerate(result) if segment.key == key), None)
        if at is None:
            _insert(result, former[key], before, instead.get(key, ""))
            continue
        middle = base.get(key)
        merged = three_way(result[at].text, middle.text if middle else result[at].text, former[key].text)
        if merged is None:
            return None
        result[at] = _with_text(former[key], merged)
    gone = {key for key in keys if key not in former}
    text = _joined([segment for segment in result if segment.key not in gone])
    return text if cut(text) is not None else None


def _insert(result: list[Segment], segment: Segment, before: Sequence[Segment], instead: str) -> None:
    """Where it stood: in the place of what it became, else after the nearest earlier neighbour that is still there."""
    present = {entry.key: at for at, entry in enumerate(result)}
    order = [entry.key for entry in before]
    here = order.index(segment.key)
    earlier = [present[key] + 1 for key in reversed(order[:here]) if key in present]
    later = [present[key] for key in order[here + 1 :] if key in present]
    at = present[instead] + 1 if instead in present else next(iter([*earlier, *later, _alone(result, segment)]))
    while at < len(result) and result[at].owner != segment.owner and _inside(result[at].owner, segment.owner):
        at += 1
    result.insert(at, segment)
    if at + 1 < len(result) and result[at + 1].key in order[here + 1 : here + 2]:
        result[at + 1] = _set_apart(result[at + 1], before[here + 1])


def _alone(result: Sequence[Segment], segment: Segment) -> int:
    """Where it goes when nothing that it stood beside is left: imports at the top, the rest at the end."""
    if not segment.key.startswith(("import ", "from ")):
        return len(result)
    head = [entry for entry in result if entry.key in ("doc", "from __future__")]
    return len(head) if list(result[: len(head)]) == head else 0


def _set_apart(segment: Segment, like: Segment) -> Segment:
    """The segment with the empty lines above it that it had before."""
    text, former = segment.text.lstrip("\r\n"), like.text.lstrip("\r\n")
    return _with_text(segment, like.text[: len(like.text) - len(former)] + text)


def _inside(owner: str, other: str) -> bool:
    return not other or owner.startswith(f"{other}.")


def _with_text(segment: Segment, text: str) -> Segment:
    return Segment(segment.key, segment.owner, text, segment.code, segment.names)


def _joined(segments: Sequence[Segment]) -> str:
    parts = [segment.text for segment in segments if segment.text]
    newline = "\r\n" if any("\r\n" in part for part in parts) else "\n"
    closed = [part if part.endswith(("\n", "\r")) else f"{part}{newline}" for part in parts[:-1]]
    return "".join([*closed, *parts[-1:]])
