"""What the room costs, measured: `python -m tests.bench [--rows NAME,...] [--save]`. Never part of pass or fail."""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.bench import (
    audit,
    baseline,
    bundles,
    bus,
    commands,
    drill,
    failures,
    guard,
    hosts,
    idle,
    incidents,
    keys,
    output,
    signatures,
    soak,
    start,
    storms,
    triggers,
)
from tests.bench.rows import Group, Row
from tests.bench.table import table

GROUPS: tuple[Group, ...] = (
    start.GROUP,
    failures.GROUP,
    incidents.GROUP,
    storms.GROUP,
    soak.GROUP,
    signatures.GROUP,
    bundles.GROUP,
    bus.GROUP,
    audit.GROUP,
    guard.GROUP,
    keys.GROUP,
    output.GROUP,
    idle.GROUP,
    hosts.GROUP,
    commands.GROUP,
    drill.GROUP,
    triggers.GROUP,
)


def main(arguments: Sequence[str]) -> None:
    known = [name for group in GROUPS for name in group.names]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", default="", help=f"Only these, separated by commas: {', '.join(known)}.")
    parser.add_argument("--save", action="store_true", help="Keep the medians as the new baseline.")
    chosen = parser.parse_args(arguments)
    names = {name for name in chosen.rows.split(",") if name} or set(known)
    if unknown := names - set(known):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    rows = [row for group in GROUPS if names & set(group.names) for row in _measured(group, names)]
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}\n")
    print(table(rows, baseline.load()))
    if chosen.save:
        baseline.save(rows)
        print(f"\nsaved to {baseline.FILE}")


def _measured(group: Group, names: set[str]) -> list[Row]:
    print(f"measuring {', '.join(group.names)} …", file=sys.stderr, flush=True)
    return [row for row in group.measure() if row.name in names]


if __name__ == "__main__":
    main(sys.argv[1:])
