"""What a heal says to the person while it works: lines on stderr, each with what they need to know and no more."""

import sys
from collections.abc import Callable, Sequence

from grace_tui.healing.repair.heal.report import Report
from grace_tui.healing.repair.patch import Patch
from grace_tui.kernel.records import GateVerdict
from grace_tui.kernel.redact import redact
from grace_tui.kernel.spelling import plural

Say = Callable[[str], None]
MARKS = {"passed": "✓", "failed": "✖", "skipped": "·", "running": "…", "pending": " "}
LONGEST = 400


def to_stderr(text: str) -> None:
    for line in harmless(text).splitlines() or [""]:
        print(f"heal: {line}", file=sys.stderr)
    sys.stderr.flush()


def harmless(text: str) -> str:
    """Lines that a terminal shows and does not obey, without secrets."""
    lines = (
        ("".join(char if char.isprintable() else ascii(char)[1:-1] for char in line))
        for line in redact(text).splitlines()
    )
    return "\n".join(line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in lines)


def gates_line(verdicts: Sequence[GateVerdict]) -> str:
    """`✓ compiles 2 ms  ✓ lint 35 ms  ✖ replay 310 ms`."""
    return "  ".join(
        f"{MARKS[verdict.state]} {verdict.name}{f' {verdict.ms:.0f} ms' if verdict.ms else ''}" for verdict in verdicts
    )


def candidates(patches: Sequence[Patch]) -> str:
    """The choices before a person, each with what speaks for it."""
    lines = []
    for number, patch in enumerate(patches, 1):
        lines.append(f"[{number}] {patch.summary} ({', '.join(patch.files)})")
        lines += [f"    {reason}" for reason in (*patch.evidence, *([patch.ask] if patch.ask else []))]
        lines += [f"    {line}" for line in patch.diff.splitlines()]
    return "\n".join(lines)


def ending(report: Report) -> list[str]:
    """The last lines: what came of it, and what can be done now."""
    took = f"{report.seconds:.1f} s"
    if report.healed and not report.files_changed:
        return [f"healed, {took}: no file of the tree had to change"] if report.attempts else []
    if report.healed:
        how = "from memory" if report.known else f"in {plural(len(report.attempts), 'attempt')}"
        return [
            f"healed {how}, {took}: {', '.join(report.files_changed)} changed",
            "`grace-tui heal undo` takes it back",
        ]
    if report.would_heal:
        return [report.reason]
    lines = [f"not healed ({took}): {report.reason}"]
    for attempt in report.attempts:
        what = attempt.summary or "no candidate"
        lines.append(f"  {attempt.type}: {what} · {attempt.outcome}{f': {attempt.detail}' if attempt.detail else ''}")
    if report.files_changed:
        return [*lines, f"kept: {', '.join(report.files_changed)}; `grace-tui heal undo` takes it back"]
    return [*lines, "every file is as it was before"]
