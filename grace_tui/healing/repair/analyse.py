"""The process that analyses failures: `python -m grace_tui.healing.repair.analyse ROOT [CACHE]`, a question a line.

A process of its own because syntax trees of libcst cost 150 ms of CPU and tens of megabytes the room need not bear. It
answers until stdin ends, so that whoever has several questions about one tree (`analyst.py`) pays for that once. Every
diagnosis and every operator is asked; one that breaks on sources nobody thought of is told, and costs no other answer.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose import DIAGNOSES
from grace_tui.healing.repair.history import history_of
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.index.cache import OutlineCache
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.questions import Proposal, Question, encode
from grace_tui.healing.repair.scene import Scene
from grace_tui.healing.repair.tree import EditedTree, FileTree

CANDIDATES = 12
"""Patches that one analysis hands on at most."""


def analyse(question: Question, scene: Scene, root: Path) -> Proposal:
    """Ask every diagnosis and the operators of what it recognised, here: loads libcst."""
    from grace_tui.healing.repair.tidy import tidy

    began = perf_counter()
    sites: list[Site] = []
    refused: list[Refused] = []
    for name, recognise in DIAGNOSES.items():
        try:
            found = recognise(question.failure, scene)
        except Exception as error:  # the crash boundary of a diagnosis: sources nobody thought of
            found = _broke(name, error)
        if isinstance(found, Site):
            sites.append(found)
        elif found.operator:
            refused.append(found)
    outcomes = [(site, outcome) for site in sites for outcome in _proposed(site, scene)]
    ranked = _best_first([patch for _, patch in outcomes if isinstance(patch, Patch)])
    patches = tuple(tidy(patch, root) for patch in ranked[:CANDIDATES])
    refused += [outcome for _, outcome in outcomes if isinstance(outcome, Refused)]
    seconds = perf_counter() - began
    if patches:
        return Proposal(patches[0].site, patches, patches[0].operator, _told(refused), seconds)
    site = sites[0] if sites else None
    operator = site.problem if site else refused[0].operator if refused else "diagnosis"
    return Proposal(site, (), operator, _told(refused) or _unknown(question.failure), seconds)


def _proposed(site: Site, scene: Scene) -> Iterator[Patch | Refused]:
    from grace_tui.healing.repair.operators import OPERATORS

    asked = [operator for operator in OPERATORS.values() if operator.problem == site.problem]
    if not asked:
        yield Refused("diagnosis", f"no operator for {site.problem}")
    for operator in asked:
        try:
            outcome = operator.propose(site, scene)
            if isinstance(outcome, Refused):
                yield outcome
            else:
                yield from outcome
        except Exception as error:  # the crash boundary of an operator
            yield _broke(operator.name, error)


def _broke(name: str, error: Exception) -> Refused:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno})" if place else ""
    return Refused(name, f"{name} could not look at these sources: {type(error).__name__}: {error}{where}")


def _best_first(patches: list[Patch]) -> list[Patch]:
    """By score, without those that make the same edits as a better one."""
    best: dict[tuple[FileEdit, ...], Patch] = {}
    for patch in sorted(patches, key=lambda patch: -patch.score):
        best.setdefault(patch.edits, patch)
    return list(best.values())


def _told(refused: list[Refused]) -> str:
    return "; ".join(dict.fromkeys(entry.reason for entry in refused))


def _unknown(failure: Failure) -> str:
    return f"no diagnosis fits {failure.kind}: {failure.message}"


# ---- the process


def main() -> None:
    importlib.import_module("grace_tui.healing.repair.operators")  # slow: loaded before the first question comes
    scenes = _Scenes(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    for line in sys.stdin.buffer:
        question = msgspec.convert(json.loads(line), Question)
        sys.stdout.buffer.write(encode(analyse(question, scenes.of(question), scenes.tree.root)))
        sys.stdout.buffer.flush()


class _Scenes:
    """The scene of each question; what is in the real files is read and indexed once."""

    def __init__(self, root: Path, cache: Path | None) -> None:
        self.tree, self.outlines = FileTree(root), OutlineCache(cache)
        self.history = history_of(root)
        self._indexes: dict[tuple[str, ...], Index] = {}

    def of(self, question: Question) -> Scene:
        tree = EditedTree(self.tree, question.edits) if question.edits else self.tree
        scene = Scene(tree, question.failure, question.allowed, path=question.path, past=self.history)
        roots = scene.known_roots
        index = self._indexes.setdefault(roots, Index(self.tree, known_roots=roots, outlines=self.outlines))
        return replace(scene, indexed=index.edited(tree, question.edits) if question.edits else index)


if __name__ == "__main__":
    main()
