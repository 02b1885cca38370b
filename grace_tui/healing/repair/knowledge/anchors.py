"""What a change is at the level of definitions, and the same change done to a text whose rest is another. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from grace_tui.disk import digest
from grace_tui.healing.repair.history.merge import put_back
from grace_tui.healing.repair.history.segments import Segment, cut
from grace_tui.healing.repair.knowledge.fix import Anchor, KnownFile
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.sources import encode

NEIGHBOURS = 3
"""Pieces on either side of an added one whose place is remembered."""


def known_file(edit: FileEdit) -> KnownFile:
    """The change of one file as anchors; as its whole text where they would not tell all of it."""
    before = "" if edit.before is None else _digest(edit.before)
    whole = KnownFile(edit.path, before, _digest(edit.after), text=edit.after)
    if edit.before is None:
        return whole
    file = _anchored(edit.path, edit.before, edit.after)
    return file if file is not None and _tells_all(file, edit) else whole


def _tells_all(file: KnownFile, edit: FileEdit) -> bool:
    try:
        return bool(file.anchors) and changed(file, edit.before or "") == edit.after
    except Unfit:
        return False


class Unfit(Exception):
    """The change cannot be done to a text; `gone` where what it changes is not there any more."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.gone = reason, gone


def changed(file: KnownFile, text: str) -> str:
    """The text with the anchored pieces as the fix leaves them.

    Raises:
        Unfit: an anchor is gone, says something else by now, or a name that the fix uses is not bound.
    """
    plain = text.replace("\r\n", "\n")
    now = cut(plain)
    if now is None:
        raise Unfit(f"{file.path} does not parse")
    here = {segment.key: segment for segment in now}
    if all(_says(here.get(anchor.key), anchor.after, anchor.text) for anchor in file.anchors):
        raise Unfit(f"{file.path} holds the known fix already")
    added = {anchor.key for anchor in file.anchors if not anchor.before}
    for anchor in file.anchors:
        _check(anchor, here, file.path, added)
    _check_names(file, now)
    after = {anchor.key: _segment(anchor, _merged(anchor, here, file.path)) for anchor in file.anchors if anchor.after}
    done = put_back(now, here, _order(file, after), [anchor.key for anchor in file.anchors], {})
    if done is None:
        raise Unfit(f"{file.path} would not parse with the fix")
    return done.replace("\n", "\r\n") if "\r\n" in text else done


def path_of(segment: Segment) -> str:
    """Where a piece stands, as a person would say it."""
    owners = [f"class {name}" for name in segment.owner.split(".") if name]
    return " > ".join([*owners, _own_words(segment)])


def _own_words(segment: Segment) -> str:
    last = segment.last
    key = segment.key.removeprefix(f"{segment.owner}.")
    if key.startswith("class "):
        return f"class {last}"
    if key.startswith(("from ", "import ", "block ")):
        return key
    if "=" in key:
        return f"{key.replace('+=', '').lstrip('=')} = …"
    if key == "doc":
        return "the documentation"
    if key.startswith(("end ", "end")) and not segment.code:
        return "the end"
    return "a statement" if key.startswith("other ") else f"def {last}"


def _anchored(path: str, before: str, after: str) -> KnownFile | None:
    if ("\r\n" in before) != ("\r\n" in after):
        return None
    old, new = cut(before.replace("\r\n", "\n")), cut(after.replace("\r\n", "\n"))
    if old is None or new is None:
        return None
    was = {segment.key: segment for segment in old}
    now = {segment.key: segment for segment in new}
    keys = [segment.key for segment in (*new, *old) if _text(was, segment.key) != _text(now, segment.key)]
    keys = list(dict.fromkeys(keys))
    return KnownFile(
        path,
        _digest(before),
        _digest(after),
        anchors=tuple(_anchor(was.get(key), now.get(key)) for key in keys),
        around=tuple(_around(new, set(keys))),
        needs=_needs(new, set(keys)),
    )


def _anchor(was: Segment | None, now: Segment | None) -> Anchor:
    segment = now or was
    assert segment is not None
    return Anchor(
        path_of(segment),
        segment.key,
        segment.owner,
        _code(was) if was else "",
        _code(now) if now else "",
        was.text if was else "",
        now.text if now else "",
    )


def _around(new: Sequence[Segment], keys: set[str]) -> list[tuple[str, str]]:
    """The pieces beside the changed ones, in their order, themselves among them."""
    places = [at for at, segment in enumerate(new) if segment.key in keys]
    near = {at for place in places for at in range(place - NEIGHBOURS, place + NEIGHBOURS + 1)}
    return [(segment.key, _lead(segment.text)) for at, segment in enumerate(new) if at in near]


def _needs(new: Sequence[Segment], keys: set[str]) -> tuple[str, ...]:
    used = {word for segment in new if segment.key in keys for word in segment.words}
    bound = {name for segment in new if segment.key not in keys and not segment.owner for name in segment.names}
    return tuple(sorted(used & bound))


def _check(anchor: Anchor, here: Mapping[str, Segment], path: str, added: Collection[str]) -> None:
    segment = here.get(anchor.key)
    if not anchor.before:
        if segment is not None and not _says(segment, anchor.after, anchor.text):
            raise Unfit(f"{path}: {anchor.path}, which the fix adds, is there already and says something else")
        owner = f"class {anchor.owner}"
        if anchor.owner and owner not in here and owner not in added:
            raise Unfit(f"{path} has no class {anchor.owner} any more", gone=True)
    elif segment is None:
        raise Unfit(f"{path} has no {anchor.path} any more", gone=True)
    elif not _says(segment, anchor.before, anchor.text_before):
        raise Unfit(f"{path}: {anchor.path} is no longer what the fix was proven on")


def _check_names(file: KnownFile, now: Sequence[Segment]) -> None:
    bound = {name for segment in now if not segment.owner for name in segment.names}
    if missing := [name for name in file.needs if name not in bound]:
        raise Unfit(f"{file.path} no longer binds {', '.join(missing)}, which the fix uses")


def _says(segment: Segment | None, code: str, text: str) -> bool:
    """By its syntax, whatever its layout; by its text where another Python spells the same syntax otherwise."""
    if segment is None or not code:
        return segment is None and not code
    return _code(segment) == code or segment.text.strip() == text.strip()


def _order(file: KnownFile, after: Mapping[str, Segment]) -> list[Segment]:
    return [after.get(key) or Segment(key, "", lead, "", frozenset()) for key, lead in file.around]


def _merged(anchor: Anchor, here: Mapping[str, Segment], path: str) -> str:
    """The piece as the fix leaves it, with the comments and the layout that it has by now."""
    now = here[anchor.key].text if anchor.key in here else anchor.text_before
    if now == anchor.text_before:
        return anchor.text
    if not anchor.before:  # it was added meanwhile, and says the same
        return now
    base, ours, theirs = (text.splitlines(keepends=True) for text in (anchor.text_before, anchor.text, now))
    edits = sorted([*_edits(base, ours), *_edits(base, theirs)], key=lambda edit: (edit[0], edit[1]))
    for one, other in pairwise(edits):
        if other[0] < one[1] or one[:2] == other[:2]:
            raise Unfit(f"{path}: {anchor.path} was rewritten in another layout where the fix changes it")
    for start, end, lines in reversed(edits):
        base[start:end] = lines
    return "".join(base)


def _edits(base: Sequence[str], lines: Sequence[str]) -> Iterator[tuple[int, int, Sequence[str]]]:
    """(from, to, what stands there instead) of each change."""
    for tag, start, end, low, high in SequenceMatcher(None, base, lines, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start, end, lines[low:high]


def _segment(anchor: Anchor, text: str) -> Segment:
    return Segment(anchor.key, anchor.owner, text, "", frozenset())


def _text(segments: Mapping[str, Segment], key: str) -> str | None:
    return segments[key].text if key in segments else None


def _lead(text: str) -> str:
    return text[: len(text) - len(text.lstrip("\n"))]


def _code(segment: Segment) -> str:
    # The key is part of it: of a piece without code, such as the end of a file, only that it is there counts.
    return digest(f"{segment.key}\n{segment.code}".encode(errors="backslashreplace"))[:16]


def _digest(text: str) -> str:
    return digest(encode(text))
