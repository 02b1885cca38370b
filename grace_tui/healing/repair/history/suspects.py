"""How much a failure speaks against a definition: by the traceback, by what was touched, by names, by reach."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from grace_tui.healing.failure import Callee, Failure, Subject
from grace_tui.healing.repair.history.segments import Segment, changed_words
from grace_tui.healing.repair.index import Index, plain
from grace_tui.healing.repair.index.outline import bound_names, run_at_import

_QUOTED = re.compile(r"['\"`]([^'\"`\s]+)['\"`]")
_CALLED = re.compile(r"([\w.]+)\(\)")
_ABSTRACT = re.compile(r"abstract methods? (?P<names>.+)$")
_WORD = re.compile(r"[^\W\d]\w*")

ASKED, CONCERNED, EXACT, IN_TRACE, NAMED, REACHED = 6.0, 3.0, 3.0, 3.0, 2.0, 1.0


@dataclass(frozen=True)
class Suspects:
    """What a failure names, each with how near it is."""

    asked: frozenset[str]
    """What was missing or refused, by its last name."""
    exact: frozenset[tuple[str, str]]
    """(file, qualified name) of the live objects: callee, subject and its bases, touched."""
    trace: dict[tuple[str, str], float]
    """(file, qualified name) of the frames' functions -> 1 for the innermost, less further out."""
    named: dict[str, float]
    """Names on the failing lines -> 1 for the innermost, less further out."""
    reached: dict[str, float] = field(default_factory=dict)
    """Names in the bodies of what the failing lines use -> 1, less a step further."""
    files: frozenset[str] = frozenset()
    """Files of all of these."""
    provider: str = ""
    """The file that was asked for a name that it has not."""

    def weight(self, path: str, before: Segment | None, now: Segment | None) -> float:
        """How much speaks against a segment that changed; 0 where nothing does."""
        segment = before or now
        assert segment is not None
        last, owner = segment.last, segment.qualname.rpartition(".")[0]
        names = {last, *(segment.names if segment.key.startswith(("from ", "import ", "=")) else ())} - {""}
        words = changed_words(before, now)
        weight = 0.0
        if self.asked & names:
            imports = segment.key.startswith(("from ", "import "))
            weight += ASKED if now is None or (segment.last in self.asked and not imports) else CONCERNED
            weight += path == self.provider
        elif self.asked & words:
            weight += CONCERNED + (path in self.files)
        places = {(path, segment.qualname)}
        if owner and before is not None:  # what was added to a class is seldom what others miss
            places.add((path, owner))
        if places & self.exact or (last in ("__init__", "__new__") and (path, owner) in self.exact):
            weight += EXACT
        weight += IN_TRACE * self.trace.get((path, segment.qualname), 0.0)
        weight += NAMED * max((self.named.get(name, 0.0) for name in {*names, owner.rpartition(".")[2]}), default=0.0)
        return weight or REACHED * max((self.reached.get(name, 0.0) for name in names), default=0.0)


def suspects(failure: Failure, index: Index) -> Suspects:
    inside = [frame for frame in reversed(failure.frames) if frame.in_project]
    trace: dict[tuple[str, str], float] = {}
    named: dict[str, float] = {}
    for at, frame in enumerate(inside):
        share = 1 / (1 + at / 2)
        trace.setdefault((frame.file, plain(frame.function)), share)
        for name in _WORD.findall(f"{frame.source} {frame.expression}"):
            named.setdefault(name, share)
    exact = set(_live(failure))
    reached: dict[str, float] = {}
    waiting = [*trace, *exact]
    for share in (1.0, 0.6, 0.3):
        names = {name for path, qualname in waiting for name in _body_names(index, path, qualname)}
        fresh = names - reached.keys()
        reached.update(dict.fromkeys(fresh, share))
        waiting = [place for path in sorted({path for path, _ in waiting}) for place in _origins(index, path, fresh)]
    asked = frozenset(name for name in _asked(failure) if len(name) > 1)
    files = frozenset({path for path, _ in (*trace, *exact)})
    provider = failure.missing[2] if failure.missing is not None else failure.subject.file if failure.subject else ""
    return Suspects(asked, frozenset(exact), trace, named, reached, files | {provider}, provider)


def _origins(index: Index, path: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """(file, name) of what names in a file mean, as far as that is in the tree."""
    if path in index.names:
        offered = index.exports(index.names[path])
        yield from (
            (offered[name].path, offered[name].name) for name in names if name in offered and offered[name].name
        )


def _asked(failure: Failure) -> Iterator[str]:
    if failure.asked:
        yield failure.asked.rpartition(".")[2]
    if failure.missing is not None:
        yield failure.missing[1]
    if failure.kind in ("AttributeError", "ImportError", "NameError", "UnboundLocalError", "TypeError", "KeyError"):
        for found in _QUOTED.findall(failure.message)[: 1 if failure.kind == "ImportError" else None]:
            if _WORD.fullmatch(found.rpartition(".")[2]):
                yield found.rpartition(".")[2]
        if abstract := _ABSTRACT.search(failure.message):
            yield from _WORD.findall(abstract["names"])
        for found in _CALLED.findall(failure.message):
            yield found.rpartition(".")[2]


def _live(failure: Failure) -> Iterator[tuple[str, str]]:
    callees: list[Callee] = [*([failure.callee] if failure.callee else []), *failure.touched]
    for callee in callees:
        yield callee.file, plain(callee.qualname)
        if callee.qualname.endswith((".__init__", ".__new__")):
            yield callee.file, plain(callee.qualname).rpartition(".")[0]
    subject: Subject | None = failure.subject
    if subject is not None and subject.what in ("class", "instance", "function"):
        yield subject.file, plain(subject.name)
        yield from ((file, plain(qualname)) for _, qualname, file in subject.bases)


def _body_names(index: Index, path: str, qualname: str) -> frozenset[str]:
    if path not in index.names:
        return frozenset()
    found = index.find(path, qualname)
    nodes = [found.node] if found is not None else _bindings(index, path, qualname)
    names = (getattr(node, "id", getattr(node, "attr", "")) for top in nodes for node in ast.walk(top))
    return frozenset(name for name in names if isinstance(name, str) and name)


def _bindings(index: Index, path: str, name: str) -> list[ast.stmt]:
    """Statements of a module that assign a name."""
    module = index.parsed(path)
    body = list(run_at_import(module.body)) if module is not None else []
    return [node for node in body if any(bound == name for bound, _ in bound_names([node]))]
