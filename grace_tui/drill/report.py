"""The drill's report: Markdown, of measured figures only, written beside the logs of the workspace it was called in."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import grace_tui
from grace_tui.disk import atomic_write
from grace_tui.drill.result import SeedResult, Task


def write_report(result: SeedResult, folder: Path) -> Path:
    """Write `report.md` into a new folder of this run and return its path."""
    path = _new_folder(folder / time.strftime("seed-%Y%m%d-%H%M%S")) / "report.md"
    atomic_write(path, "\n".join(_lines(result)).encode())
    return path


def _new_folder(wanted: Path) -> Path:
    """Make a folder that nobody else has: two drills may end in the same second."""
    for number in itertools.count(2):
        try:
            wanted.mkdir(parents=True)
        except FileExistsError:
            wanted = wanted.with_name(f"{wanted.name.partition('.')[0]}.{number}")
        else:
            break
    return wanted


def _lines(result: SeedResult) -> Iterator[str]:
    first, second = result.first_boot, result.second_boot
    yield "# Seed drill"
    yield ""
    yield f"{'Healed' if result.healed else 'NOT healed'}, grace-tui {grace_tui.__version__}, {time.strftime('%F %T')}."
    yield from (f"- {problem}" for problem in result.problems)
    yield ""
    yield "| what | measured |"
    yield "| --- | --- |"
    yield f"| first boot | {first.running} of {first.total} running after {first.seconds:.2f} s |"
    yield f"| failed | {', '.join(first.failed) or 'none'} |"
    yield f"| all running again | {result.final.running} of {result.final.total} after {result.healed_seconds:.2f} s |"
    yield f"| consumers unchanged | {'yes' if result.consumers_unchanged else 'NO'} |"
    yield f"| second boot | {second.running} of {second.total} running after {second.seconds:.2f} s |"
    yield f"| healed from memory | {len(second.known)} |"
    yield ""
    yield "## Incidents"
    yield ""
    yield "| kernel | recognised after ms | what | provider | signature |"
    yield "| --- | --- | --- | --- | --- |"
    for incident in result.incidents:
        title = incident.title.replace("|", "\\|")
        yield f"| {incident.kernel} | {incident.opened_ms:g} | {title} | {incident.provider} | `{incident.signature}` |"
    yield ""
    yield "## Repairs"
    for task in result.tasks:
        yield from _task(task)
    yield ""
    yield "## From memory"
    for task in second.known:
        yield from _task(task)
    yield ""


def _task(task: Task) -> Iterator[str]:
    yield ""
    yield f"### {task.kernel}: {task.operator} in {task.provider}"
    yield ""
    by = f"by {task.worker}" if task.worker else "from memory"
    yield f"{task.state} {by}; proven after {task.repair_seconds:.2f} s, ended after {task.seconds:.2f} s."
    yield ""
    yield "| gate | verdict | ms | detail |"
    yield "| --- | --- | --- | --- |"
    for gate in task.gates:
        detail = gate.detail.replace("|", "\\|").replace("\n", " ")
        yield f"| {gate.name} | {gate.state} | {gate.ms:g} | {detail} |"
