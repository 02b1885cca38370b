"""Sees repairs that go round in circles, from the record of what was applied. Pure.

A chain is a row of patches, each laid on the text that the one before it left: nobody else changed the file between.
So a fault that is planted again and healed again is no loop, and one that our own patches keep alive is.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    path: str
    before: str
    """Digest of the text before; empty for a file that was made."""
    after: str


@dataclass(frozen=True, slots=True)
class Applied:
    """One patch that was put into the files."""

    at: float
    task: str
    coarse: str
    provider: str
    changes: tuple[Change, ...]
    undone: bool = False
    """Whether it was taken back: the text before it is there again."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a playbook that ended well."""

    at: float
    run: str
    playbook: str
    coarse: str


def repair_loop(applied: Iterable[Applied], coarse: str, provider: str, limit: int) -> str:
    """The chain of acts as a reason to stop, where a signature or a provider is patched again and again."""
    rows = sorted(applied, key=lambda row: row.at)
    for what, mine in (
        ("this failure", [row for row in rows if row.coarse == coarse]),
        (provider, [row for row in rows if provider and row.provider == provider]),
    ):
        chain = _chain(mine, rows)
        if len(chain) >= limit:
            return f"repairs go round in circles: {what} was repaired {len(chain)} times, {_told(chain)}"
    near = {path for row in rows if row.coarse == coarse for path in _paths(row)} | ({provider} - {""})
    for path in sorted(near):
        if circle := _circle(rows, path):
            return f"repairs undo one another: {path} is back at a text it had, {_told(circle)}"
    return ""


def playbook_loop(runs: Iterable[Ran], coarse: str, playbook: str, limit: int) -> str:
    """Why a playbook that succeeds for a failure that comes back each time is not run again."""
    mine = sorted((run for run in runs if (run.coarse, run.playbook) == (coarse, playbook)), key=lambda run: run.at)
    if len(mine) < limit:
        return ""
    times = ", ".join(f"{run.run} {_clock(run.at)}" for run in mine)
    return f"it succeeded {len(mine)} times and the failure came back: {times}"


def _chain(mine: Sequence[Applied], rows: Sequence[Applied]) -> list[Applied]:
    """The newest of `mine` without a foreign change between them, oldest first."""
    foreign = _on_foreign_text(rows)
    chain: list[Applied] = []
    for row in reversed(mine):
        chain.append(row)
        if row.task in foreign:
            break
    return chain[::-1]


def _on_foreign_text(rows: Sequence[Applied]) -> frozenset[str]:
    """Patches that were laid on a text which somebody else had put where ours was."""
    ours: dict[str, str] = {}
    found = set()
    for row in rows:
        if any(ours.get(change.path, change.before) != change.before for change in row.changes):
            found.add(row.task)
        ours.update({change.path: change.before if row.undone else change.after for change in row.changes})
    return frozenset(found)


def _circle(rows: Sequence[Applied], path: str) -> list[Applied]:
    """Patches that, without an undo or a foreign change, brought a file back to a text it had before."""
    chain: list[Applied] = []
    seen: set[str] = set()
    ours = ""
    for row in rows:
        for change in (change for change in row.changes if change.path == path and not row.undone):
            if ours != change.before or not chain:
                chain, seen = [], {change.before}
            chain.append(row)
            if change.after in seen:
                return chain
            seen.add(change.after)
            ours = change.after
    return []


def _paths(row: Applied) -> set[str]:
    return {change.path for change in row.changes}


def _told(chain: Sequence[Applied]) -> str:
    return "; ".join(f"{row.task} at {_clock(row.at)} {'undone' if row.undone else 'applied'}" for row in chain)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
