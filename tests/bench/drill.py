"""The stages of one seed drill, as the drill itself measured them in a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from grace_tui.drill.result import SeedResult
from tests.bench.rows import Group, Row
from tests.bench.terminal import environment

LIMIT_SECONDS = 240.0


def measure() -> Iterator[Row]:
    result = _play()
    note = "; ".join(result.problems)
    first, second = result.first_boot, result.second_boot
    recognised = [incident.opened_ms for incident in result.incidents]
    repairs = [task.repair_seconds for task in result.tasks]
    replays = [task.repair_seconds for task in second.known]
    yield Row("drill_boot", "drill: first boot, 18 of 20", "s", [first.seconds])
    yield Row("drill_recognised", "drill: opening the room -> incident", "ms", recognised)
    yield Row("drill_repair", "drill: claim -> patch past every gate", "s", repairs, note=note)
    yield Row("drill_healed", "drill: opening the room -> 20 of 20", "s", [result.healed_seconds])
    yield Row("drill_second_boot", "drill: second boot -> 20 of 20", "s", [second.seconds])
    yield Row("drill_replay", "drill: claim -> remembered fix past its gates", "s", replays, note=note)


def _play() -> SeedResult:
    with tempfile.TemporaryDirectory(prefix="grace-bench-") as home:
        played = subprocess.run(
            [sys.executable, "-m", "grace_tui", "drill", "seed", "--json"],
            cwd=home,
            env=environment(Path(home)),
            capture_output=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
    if not played.stdout:
        raise RuntimeError(f"the drill ended with {played.returncode}: {played.stderr.decode(errors='replace')[-500:]}")
    return msgspec.json.decode(played.stdout, type=SeedResult)


GROUP = Group(
    ("drill_boot", "drill_recognised", "drill_repair", "drill_healed", "drill_second_boot", "drill_replay"), measure
)
