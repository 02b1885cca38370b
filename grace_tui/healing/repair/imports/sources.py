"""Where a name can be had from: the one place that defines it, else what the rest of the tree imports by that name."""

import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from grace_tui.healing.repair.imports.demands import Demands
from grace_tui.healing.repair.imports.layout import Layout, is_test
from grace_tui.healing.repair.imports.offers import Offers
from grace_tui.healing.repair.imports.standard import homes, is_meant


@dataclass(frozen=True, slots=True)
class Source:
    """`from module import name`, or `import module` where `name` is empty."""

    module: str
    name: str
    path: str
    """The file of the tree that it comes from; empty for a module from outside."""
    score: float
    evidence: str
    rank: tuple[int, ...] = ()
    """Greater is better; equal ranks speak as much for each."""


@dataclass(frozen=True)
class Sources:
    layout: Layout
    demands: Demands
    offers: Offers

    def of(self, name: str, near: str, without: frozenset[str] = frozenset()) -> list[Source]:
        """All that `name` may mean to the module `near`, the best first; `without` are files that do not count."""
        found = self.defined(name, near, without)
        known = {(source.module, source.name) for source in found}
        found += [source for source in self.used(name, without) if (source.module, source.name) not in known]
        return sorted(found, key=lambda source: source.rank, reverse=True)

    def defined(self, name: str, near: str, without: frozenset[str] = frozenset()) -> list[Source]:
        paths = [path for path in self.offers.definers(name) if path not in without and not is_test(path)]
        asked = self.asked(name)
        found = []
        for path in paths:
            module = self.layout.names[path]
            score = 0.7 if len(paths) == 1 else 0.5
            says = "the only definition in the tree" if len(paths) == 1 else f"one of {len(paths)} definitions"
            rank = (2, asked[module, name], nearness(module, near))
            found.append(Source(module, name, path, score, f"{path} defines {name}: {says}", rank))
        return found

    def used(self, name: str, without: frozenset[str] = frozenset()) -> list[Source]:
        """What other files of the tree import under this name."""
        found = []
        for (module, asked), count in self.asked(name).items():
            inside = module.partition(".")[0] in self._tops
            if inside and not (self.offers.has(module, asked) if asked else self.layout.has(module)):
                continue
            path = self.layout.files.get(module, "")
            if path and path in without:
                continue
            says = f"{count} file{'s' if count > 1 else ''} of the tree import it so"
            found.append(Source(module, asked, path, 0.5, says, (1, count, 0)))
        return found

    def standard(self, name: str) -> list[Source]:
        """The standard library's module of that name, else its modules that export the name."""
        if name in sys.stdlib_module_names and name not in self._tops:
            return [Source(name, "", "", 0.5, f"{name} is a module of the standard library", (0, 0, 0))]
        found = [module for module in homes(name) if module.partition(".")[0] not in self._tops]
        sure = len(found) == 1 and is_meant(found[0], name)
        says = "of the standard library exports it" + ("" if sure else "; another may be meant")
        score = 0.5 if sure else 0.2
        return [Source(module, name, "", score, f"{module} {says}", (0, 0, 0)) for module in found]

    def asked(self, name: str) -> Counter[tuple[str, str]]:
        """(module, name there) -> how many files bind `name` by importing it so, at their top level or anywhere."""
        if name not in self._asked:
            word = rf"\b{re.escape(name)}\b"
            counted: Counter[tuple[str, str]] = Counter()
            for path in self.layout.index.saying(word):
                counted.update(self._bindings(path, name))
            self._asked[name] = counted
        return self._asked[name]

    def _bindings(self, path: str, name: str) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for demand in self.demands.of(path):
            if not demand.module or demand.star:
                continue
            if demand.names:
                pairs = zip(demand.names, demand.bound, strict=True)
                found.update((demand.module, asked) for asked, bound in pairs if bound == name)
            elif demand.bound == (name,) or (not demand.bound and demand.module == name):
                found.add((demand.module, ""))
        return found

    @cached_property
    def _tops(self) -> frozenset[str]:
        return frozenset(name.partition(".")[0] for name in self.layout.files)

    @cached_property
    def _asked(self) -> dict[str, Counter[tuple[str, str]]]:
        return {}


def nearness(module: str, other: str) -> int:
    """How many packages two modules share."""
    shared = 0
    for one, two in zip(module.split("."), other.split("."), strict=False):
        if one != two:
            break
        shared += 1
    return shared


def evident(found: list[Source]) -> bool:
    """True where the first stands out from the rest."""
    return len(found) == 1 or (len(found) > 1 and found[0].rank > found[1].rank)
