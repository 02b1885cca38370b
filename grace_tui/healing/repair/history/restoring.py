"""Which earlier definitions to put back for a failure, and what the files look like with them.

Goes back step by step. At each step that changed something the failure speaks against: first the smallest set that
belongs together, then the files of it as a whole, then all that the step did. What changed later and has nothing to do
with it stays.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.history.damage import undamaged
from grace_tui.healing.repair.history.history import Change, Changed
from grace_tui.healing.repair.history.merge import like, put_back, three_way
from grace_tui.healing.repair.history.renames import former_names, renamed_classes, with_alias
from grace_tui.healing.repair.history.segments import Segment, changed_words, cut
from grace_tui.healing.repair.history.suspects import Suspects, suspects
from grace_tui.healing.repair.index import Index, plain
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.scene import Scene

STEPS = 8
"""Steps of history in which a cause is looked for."""
FILES = 80
"""Files of one step that are looked into; the nearest to the failure first."""
CANDIDATES = 6
BLIND_STEPS, BLIND_FILES = 3, 3
"""Steps, and files in one, up to which they are tried although nothing in them is named by the failure."""
REACH = 400
"""Files to which imports are followed."""

SCORES = ((8.0, 0.97), (6.0, 0.95), (4.0, 0.92), (3.0, 0.9), (2.0, 0.85), (1.0, 0.75), (0.0, 0.65))
"""How much speaks against a definition at least -> score of putting it back."""

Unit = tuple[str, str]
"""(file, key of a segment)."""


@dataclass(frozen=True)
class Restoration:
    edits: tuple[FileEdit, ...]
    score: float
    words: str
    """What is put back."""
    evidence: tuple[str, ...]
    names: tuple[str, ...]
    """Qualified names of what is put back, the likeliest cause first."""


class File:
    """One file of a step: as it was before it, after it, and as it is now."""

    def __init__(self, path: str, before: str, after: str, now: str) -> None:
        self.path = path
        self.before_text, self.after_text, self.now_text = like(before, now), like(after, now), now

    @cached_property
    def before(self) -> list[Segment] | None:
        return cut(self.before_text)

    @cached_property
    def after(self) -> dict[str, Segment] | None:
        found = cut(self.after_text)
        return None if found is None else {segment.key: segment for segment in former_names(found, self.renamed)}

    @cached_property
    def now(self) -> list[Segment] | None:
        found = cut(self.now_text)
        return None if found is None else former_names(found, self.renamed)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Class as it is called now -> as it was called before: its members are compared with those it had."""
        return renamed_classes(self.before or [], cut(self.after_text) or [], cut(self.now_text) or [])

    @cached_property
    def differing(self) -> dict[str, tuple[Segment | None, Segment | None]]:
        """Key -> (before, now) of what the step changed, and what is not as it was before it."""
        if self.before is None or self.after is None or self.now is None:
            return {}
        before, now = ({segment.key: segment for segment in found} for found in (self.before, self.now))
        keys = dict.fromkeys([*before, *self.after])
        return {
            key: (before.get(key), now.get(key))
            for key in keys
            if not key.startswith("end ")
            and _code(before.get(key)) != _code(self.after.get(key))
            and _code(before.get(key)) != _code(now.get(key))
        }

    @cached_property
    def instead(self) -> dict[str, str]:
        """Key that is gone -> key that came in its place: by where it stands, else by likeness."""
        gone = [segment for segment, now in self.differing.values() if segment is not None and now is None]
        made = {now.key: now for segment, now in self.differing.values() if segment is None and now is not None}
        before, now = self.before or [], self.now or []
        places = {_neighbours(now, key): key for key in made}
        pairs: dict[str, str] = {}
        for old in gone:
            here = places.get(_neighbours(before, old.key), "")
            same = [new for new in made.values() if new.owner == old.owner and _kind(new) == _kind(old)]
            best = max(same, key=lambda new: _likeness(old, new), default=None)
            alike = best.key if best is not None and _likeness(old, best) >= 0.5 else ""
            if (found := alike or here) and found not in pairs.values():
                pairs[old.key] = found
        return pairs

    def restored(self, keys: Collection[str]) -> str | None:
        if self.before is None or self.after is None or self.now is None:
            return None
        return put_back(self.now, self.after, self.before, keys, self.instead)

    def whole(self) -> str | None:
        """The file without what the step did to it."""
        return three_way(self.now_text, self.after_text, self.before_text)


def restorations(failure: Failure, scene: Scene) -> list[Restoration]:
    """What may be put back, the likeliest first."""
    found: dict[tuple[FileEdit, ...], Restoration] = {}
    against = suspects(failure, scene.index)
    for step, change in enumerate(scene.history.changes[:STEPS]):
        for candidate in _Step(scene, failure, against, change, step).candidates():
            found.setdefault(candidate.edits, candidate)
        if len(found) >= CANDIDATES:
            break
    return sorted(found.values(), key=lambda candidate: -candidate.score)[:CANDIDATES]


class _Step:
    def __init__(self, scene: Scene, failure: Failure, against: Suspects, change: Change, step: int) -> None:
        self.scene, self.failure, self.against, self.change, self.step = scene, failure, against, change, step

    def candidates(self) -> Iterator[Restoration]:
        yield from self._undamaged()
        weights = self.weights
        if not weights:
            yield from self._unnamed()
            return
        top = max(weights.values())
        seeds = [unit for unit, weight in weights.items() if weight >= top]
        wider = [unit for unit, weight in weights.items() if weight >= top / 2]
        closed = self._closed(seeds)
        near = [unit for unit in closed if unit[0] in {path for path, _ in seeds}]
        # where the later name stays for those who use it, those who used the earlier one need not go back to it
        first, second = (near, closed) if self._kept(closed, self._with(closed)) else (closed, near)
        yield from self._of_units(first, seeds, top, 0.0)
        yield from self._of_units(second, seeds, top, 0.01)
        if len(wider) > len(seeds):
            yield from self._of_units(self._closed(wider), wider, top, 0.02)
        yield from self._of_files({path for path, _ in closed}, seeds, top, 0.04)
        yield from self._of_files(set(self.files), seeds, top, 0.08)

    def _undamaged(self) -> Iterator[Restoration]:
        """Files that do not parse since this step."""
        for path, file in self.files.items():
            if file.now is None:
                for at, text in enumerate(undamaged(file.before_text, file.now_text)):
                    words = (
                        f"what parses of {path}"
                        if text != file.before_text
                        else f"{path} as before {self.change.words}"
                    )
                    evidence = (f"{path} does not parse; before {self.change.words} it did",)
                    score = 0.9 - 0.03 * at - 0.02 * self.step
                    yield Restoration((FileEdit(path, file.now_text, text),), score, words, evidence, (path,))

    def _unnamed(self) -> Iterator[Restoration]:
        """Where the failure names nothing of it: the few files of the newest steps. Those that the failing code imports
        come first; others may have been run by it as another process, or been found by name."""
        own = [path for path, file in self.files.items() if file.differing and path != self._started]
        if self.step >= BLIND_STEPS or not 0 < len(own) <= BLIND_FILES:
            return
        near = imported_by(self.scene.index, self._asking)
        for path in own:
            file = self.files[path]
            text = file.whole()
            if text is not None and text != file.now_text:
                words = f"{path} as before {self.change.words}"
                reached = "and the failing code imports it" if path in near else "and the failure names no other cause"
                evidence = (f"{path} was different before {self.change.words}, {reached}",)
                score = (0.5 if path in near else 0.4) - 0.02 * self.step
                yield Restoration((FileEdit(path, file.now_text, text),), score, words, evidence, (path,))

    @cached_property
    def files(self) -> Mapping[str, File]:
        """The sources that the step changed and a repair may change."""
        found = {}
        for changed in sorted(self.change.files, key=self._far)[:FILES]:
            path = changed.path
            if changed.before is None or changed.after is None or not path.endswith(".py") or is_test(path):
                continue
            if path in self.scene.index.names:
                found[path] = File(path, changed.before.text, changed.after.text, self.scene.index.text(path))
        return found

    @cached_property
    def weights(self) -> dict[Unit, float]:
        """What the failure speaks against, with how much."""
        found = {}
        for path, file in self.files.items():
            for key, (before, now) in file.differing.items():
                weight = self.against.weight(path, before, now)
                if weight > 0 and not self._is_consumer(path, key):
                    found[path, key] = weight
        return found

    def _far(self, changed: Changed) -> int:
        return 0 if changed.path in self.against.files else 1

    def _is_consumer(self, path: str, key: str) -> bool:
        """Code that only asks: a function of the traceback that called on, or the program that was started."""
        if path == self._started:
            return True
        inside = [frame for frame in self.failure.frames if frame.in_project]
        return (path, key) in {(frame.file, plain(frame.function)) for frame in inside[:-1]}

    @cached_property
    def _asking(self) -> set[str]:
        """Files of the traceback."""
        return {frame.file for frame in self.failure.frames if frame.in_project}

    @cached_property
    def _started(self) -> str:
        first = next(iter(self.failure.frames), None)
        if first is None or not first.in_project or first.function != "<module>":
            return ""
        return first.file if first.module in ("", "__main__") else ""

    def _closed(self, seeds: Sequence[Unit]) -> list[Unit]:
        """The seeds with what changed together with them: what uses their changed names, and what they need."""
        chosen = dict.fromkeys(seeds)
        while True:
            more = [unit for unit in self._all if unit not in chosen and self._belongs(unit, chosen)]
            if not more:
                return list(chosen)
            chosen.update(dict.fromkeys(more))

    @cached_property
    def _all(self) -> dict[Unit, tuple[Segment | None, Segment | None]]:
        return {(path, key): pair for path, file in self.files.items() for key, pair in file.differing.items()}

    def _belongs(self, unit: Unit, chosen: Collection[Unit]) -> bool:
        path, key = unit
        before, now = self._all[unit]
        words, changed = _words(before) | _words(now), changed_words(before, now)
        for other in chosen:
            theirs = self._all[other]
            if self.files[other[0]].instead.get(other[1]) == key and other[0] == path:
                return True
            if before is None or self._is_consumer(path, key) or path in self._asking - {other[0]}:
                continue
            if now is None and before.names & _words(theirs[0]):
                return True  # what it needs, and is gone
            segment = theirs[0] or theirs[1]
            if segment is None:
                continue
            near = segment.last in words or segment.owner.rpartition(".")[2] in words
            kin = bool(segment.owner) and path == other[0] and segment.owner == before.owner
            if (near or kin) and changed & ({segment.last} | changed_words(*theirs)):
                return True
        return False

    # ---- candidates

    def _of_units(self, units: Sequence[Unit], seeds: Sequence[Unit], top: float, less: float) -> Iterator[Restoration]:
        texts = self._with(units)
        for path, former in ((path, self.files[path].renamed) for path in texts):
            for new, old in former.items():
                text = texts[path]
                if text is not None and (path, f"class {old}") in units and self._is_named(new, texts):
                    texts[path] = with_alias(text, old, new)
        if kept := self._kept(units, texts):
            texts = self._with([unit for unit in units if unit not in kept])
        yield from self._made(texts, seeds, top, less)

    def _kept(self, units: Sequence[Unit], texts: Mapping[str, str | None]) -> set[Unit]:
        """What came in the place of something and is asked for by code that stays as it is."""
        return {unit for unit in units if self._all[unit][0] is None and self._is_used(unit, texts)}

    def _with(self, units: Sequence[Unit]) -> dict[str, str | None]:
        paths = dict.fromkeys(path for path, _ in units)
        return {path: self.files[path].restored({key for owner, key in units if owner == path}) for path in paths}

    def _is_used(self, unit: Unit, texts: Mapping[str, str | None]) -> bool:
        segment = self._all[unit][1]
        return segment is not None and bool(segment.last) and self._is_named(segment.last, texts)

    def _is_named(self, name: str, texts: Mapping[str, str | None]) -> bool:
        says = re.compile(rf"\b{re.escape(name.rpartition('.')[2])}\b")
        others = (path for path in self.scene.index.saying(says.pattern) if path not in texts)
        return any(says.search(text or "") for text in texts.values()) or any(others)

    def _of_files(
        self, paths: Collection[str], seeds: Sequence[Unit], top: float, less: float
    ) -> Iterator[Restoration]:
        allowed = [path for path in sorted(paths) if path != self._started]
        yield from self._made({path: self.files[path].whole() for path in allowed}, seeds, top, less)

    def _made(
        self, texts: Mapping[str, str | None], seeds: Sequence[Unit], top: float, less: float
    ) -> Iterator[Restoration]:
        now = {path: self.files[path].now_text for path in texts}
        edits = tuple(
            FileEdit(path, now[path], text) for path, text in texts.items() if text is not None and text != now[path]
        )
        if not edits or any(text is None for text in texts.values()):
            return
        names = tuple(dict.fromkeys(_named(self._all[unit]) for unit in seeds))
        score = next(score for least, score in SCORES if top >= least) - less - 0.02 * self.step
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        whole = (
            ""
            if less < 0.04
            else f", with all that {self.change.words} did to {', '.join(edit.path for edit in edits[:3])}"
        )
        evidence = (f"{self.change.words}: {shown} was different before",)
        yield Restoration(edits, max(score, 0.3), f"{shown} as before {self.change.words}{whole}", evidence, names)


def imported_by(index: Index, paths: Collection[str]) -> set[str]:
    """These files and all of the tree that they import, directly or not."""
    seen: set[str] = set()
    waiting = [path for path in paths if path in index.names]
    while waiting and len(seen) < REACH:
        path = waiting.pop(0)
        if path not in seen:
            seen.add(path)
            for entry in index.imports(path):
                modules = (entry.module, f"{entry.module}.{entry.name}")
                waiting += [index.modules[name] for name in modules if name in index.modules]
    return seen


def is_test(path: str) -> bool:
    """Tests say what is wanted: they are never what is put back."""
    parts = path.split("/")
    name = parts[-1]
    inside = any(part in ("tests", "test") for part in parts[:-1])
    return inside or name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"


def _code(segment: Segment | None) -> str | None:
    return None if segment is None else segment.code


def _words(segment: Segment | None) -> frozenset[str]:
    return frozenset() if segment is None else frozenset(segment.words)


def _kind(segment: Segment) -> str:
    head = segment.key.partition(" ")[0] if " " in segment.key else ""
    return head or ("=" if "=" in segment.key else "def")


def _neighbours(segments: Sequence[Segment], key: str) -> tuple[str, str]:
    """Keys of what stands before and after."""
    keys = ["", *(segment.key for segment in segments), ""]
    at = keys.index(key, 1)
    return keys[at - 1], keys[at + 1]


def _likeness(one: Segment, other: Segment) -> float:
    """Share of the words that both have; names differ."""
    both = (one.words & other.words).total()
    return both / max(one.words.total(), other.words.total(), 1)


def _named(pair: tuple[Segment | None, Segment | None]) -> str:
    segment = pair[0] or pair[1]
    return segment.qualname if segment is not None else ""
