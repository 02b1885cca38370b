"""A file that no longer parses, against the version that did: the damage goes, other changes stay."""

import difflib
import io
from collections.abc import Collection, Sequence

from grace_tui.healing.repair.history.segments import cut

NEAR = 6
"""Lines within which a change beside the damage is part of it."""
MOST = 60
"""Changes beyond which none is looked at by itself."""

Hunk = tuple[int, int, int, int]
"""Lines in the earlier text, lines in the text as it is: from and until, from 0."""


def undamaged(before: str, now: str) -> list[str]:
    """Texts that parse, nearest to `now` first: without its damage, and as it was before."""
    if cut(now) is not None or cut(before) is None:
        return []
    old, new = (list(io.StringIO(text, newline="")) for text in (before, now))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    hunks: list[Hunk] = [code[1:] for code in matcher.get_opcodes() if code[0] != "equal"]
    if len(hunks) > MOST:
        return [before]
    harmful = {hunk for hunk in hunks if cut(_with(old, new, hunks, {hunk})) is None}
    kept = {hunk for hunk in hunks if not any(_near(hunk, other) for other in harmful)} if harmful else set()
    mended = _with(old, new, hunks, kept)
    return list(dict.fromkeys([*([mended] if kept and cut(mended) is not None else []), before]))


def _with(old: Sequence[str], new: Sequence[str], hunks: Sequence[Hunk], kept: Collection[Hunk]) -> str:
    """The earlier text with these changes of the later one."""
    parts: list[str] = []
    at = 0
    for hunk in hunks:
        begin, end, first, last = hunk
        parts += old[at:begin]
        parts += new[first:last] if hunk in kept else old[begin:end]
        at = end
    return "".join([*parts, *old[at:]])


def _near(one: Hunk, other: Hunk) -> bool:
    return one[2] <= other[3] + NEAR and other[2] <= one[3] + NEAR
