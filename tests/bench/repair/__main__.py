"""How well `heal` repairs other people's packages: `python -m tests.bench.repair SOURCE… [--cases N] [--seed N]`.

SOURCE is a folder with a Python package and tests of its own, such as an unpacked source distribution. Each case breaks
one interface on the provider's side so that a test notices, with and without git history, and asks `grace-tui heal` to
mend it. Never part of pass or fail.
"""

import argparse
import dataclasses
import json
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from tests.bench.repair.breakers import BREAKERS
from tests.bench.repair.scoring import History, Result, Subject, broken_copy, noticed, score, subject, tests_edited
from tests.bench.repair.sources import read_sources

HISTORIES: tuple[History, ...] = ("none", "uncommitted", "committed")
UNNOTICED = 4
"""Breakages of one kind that no test may notice before the next kind has its turn."""


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.repair", description=__doc__)
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    parser.add_argument("--cases", type=int, default=1, help="of each kind, in each package")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--breakers", default="", help=f"only these, separated by commas: {', '.join(BREAKERS)}")
    parser.add_argument("--history", choices=HISTORIES, help="only with this history; by default one after the other")
    parser.add_argument("--json", type=Path, help="append each result to this file, a line each")
    parser.add_argument("--keep", type=Path, help="keep the trees that were not healed in this folder")
    chosen = parser.parse_args(arguments)
    results = []
    for source in chosen.sources:
        for result in _cases(source, chosen):
            results.append(result)
            print(_line(result), flush=True)
            if chosen.json:
                with chosen.json.open("a") as file:
                    file.write(json.dumps(dataclasses.asdict(result)) + "\n")
    print(table(results))


def _cases(source: Path, chosen: argparse.Namespace) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="repair-bench-") as scratch:
        whole = Path(scratch, "whole", source.name)
        shutil.copytree(source, whole, ignore=shutil.ignore_patterns(".git", "__pycache__"))
        known = subject(whole)
        if not known.passing:
            print(f"{source.name}: no test of its own passes here", file=sys.stderr)
            return
        names = [name for name in chosen.breakers.split(",") if name] or list(BREAKERS)
        histories = [chosen.history] if chosen.history else list(HISTORIES)
        for number, name in enumerate(names):
            for case in range(chosen.cases):
                seed = chosen.seed * 1000 + case
                history = histories[(number + seed) % len(histories)]
                yield from _case(known, name, history, seed, Path(scratch), chosen.keep)


def _case(known: Subject, name: str, history: History, seed: int, scratch: Path, keep: Path | None) -> Iterator[Result]:
    chance = random.Random(f"{known.name}-{name}-{seed}")
    for attempt, breakage in enumerate(islice(BREAKERS[name](read_sources(known.root), chance), UNNOTICED)):
        folder = scratch / f"{name}-{seed}-{attempt}"
        root = broken_copy(known, breakage, history, folder)
        test = noticed(known, root, history)
        if test:
            aside = keep / f"{known.name}-{name}-{seed}-{history}" if keep else None
            if aside:
                shutil.rmtree(aside, ignore_errors=True)
                shutil.copytree(root, aside)
            result = score(known, breakage, history, seed, folder, root, test)
            if aside and result.healed and result.sound:
                shutil.rmtree(aside)
            shutil.rmtree(folder)
            yield result
            return
        shutil.rmtree(folder)


def _line(result: Result) -> str:
    mark = "healed " if result.healed else "refused"
    trouble = "" if result.sound else f"  UNSOUND: edited {list(result.edited)} broke {list(result.broken)}"
    same = "as before" if result.original else ""
    trouble += f"  LEFT: {list(result.left)}" if result.left else ""
    told = result.told.strip().replace("\n", " ")[-160:]
    return (
        f"{mark} {result.package:<20} {result.breaker:<18} {result.history:<11} {result.seconds:5.1f} s {same:<9} "
        f"{'+'.join(result.operators)} {result.what}{trouble} {told}"
    )


def table(results: Sequence[Result]) -> str:
    """Healed of all, for each kind of history and, without one, for what can still be told from the tree."""
    lines = [
        "",
        f"{'':<34}{'cases':>6}{'healed':>8}{'share':>8}{'as before':>11}{'left':>6}{'unsound':>9}{'beyond s':>10}",
    ]
    groups = {
        "with history": [each for each in results if each.history != "none"],
        "without, still in the tree": [each for each in results if each.history == "none" and each.restorable],
        "without, gone from the tree": [each for each in results if each.history == "none" and not each.restorable],
    }
    groups |= {name: [each for each in results if each.breaker == name] for name in BREAKERS}
    for title, group in groups.items():
        if not group:
            continue
        healed = [each for each in group if each.healed]
        beyond = f"{statistics.median(each.beyond for each in healed):.1f}" if healed else "-"
        lines.append(
            f"{title:<34}{len(group):>6}{len(healed):>8}{len(healed) / len(group):>8.0%}"
            f"{sum(each.original for each in group):>11}{sum(bool(each.left) for each in group):>6}"
            f"{sum(not each.sound for each in group):>9}{beyond:>10}"
        )
    lines.append(f"test files edited: {sum(bool(tests_edited(each)) for each in results)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
