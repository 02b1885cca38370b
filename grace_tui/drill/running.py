"""Plays a drill: with talk on stderr and data on stdout, or live in the room's screen."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from grace_tui.drill.report import write_report
from grace_tui.drill.result import SeedResult
from grace_tui.drill.seed import Seed, plant
from grace_tui.kernel.errors import GraceError
from grace_tui.room import open_in_terminal
from grace_tui.room.hub import ViewHub
from grace_tui.room.stage import Stage
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace, default_workspace, find_workspace, make_workspace

DRILLS = ("seed",)
WATCHED_PAUSE = 4.0


def run(name: str, *, json: bool = False) -> int:
    """Play a drill without a screen; 0 where everything was healed."""
    _check_name(name)
    with _scratch() as workspace:
        result = asyncio.run(_play(workspace))
    result = msgspec.structs.replace(result, report=str(write_report(result, _report_folder())))
    if json:
        print(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    else:
        print(Path(result.report).read_text(encoding="utf-8"))
    print(f"report: {result.report}", file=sys.stderr)
    return 0 if result.healed else 1


def show(name: str) -> int:
    """Play a drill in the room's screen, in this terminal; the room stays open for a look afterwards."""
    _check_name(name)
    with ExitStack() as scratch:
        workspace = scratch.enter_context(_scratch())
        return open_in_terminal(workspace, script=_watched, after=scratch.close)


async def _watched(stage: Stage) -> None:
    seed = Seed(stage.set_banner, wait=WATCHED_PAUSE)
    await seed(stage)
    if seed.result is not None:
        path = write_report(seed.result, _report_folder())
        stage.set_banner(f"{'healed twice' if seed.result.healed else 'not healed'}; report: {path}")


async def _play(workspace: Workspace) -> SeedResult:
    seed = Seed(lambda line: print(f"drill: {line}", file=sys.stderr, flush=True))
    stage = Stage(workspace, Settings(), ViewHub())
    stage.start()
    try:
        await seed(stage)
    finally:
        stage.stop()
        await asyncio.to_thread(stage.join, 60.0)
    if seed.result is None:
        raise GraceError("the drill did not come to its end")
    return seed.result


@contextmanager
def _scratch() -> Iterator[Workspace]:
    """A workspace made from what is shipped, with the faults planted; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="grace-drill-"))
    try:
        workspace = make_workspace(folder / "room")
        plant(workspace.root)
        yield workspace
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _report_folder() -> Path:
    """Reports outlive the scratch workspace: they lie in the workspace the drill was called in."""
    return (find_workspace() or default_workspace()).logs / "chaos"


def _check_name(name: str) -> None:
    if name not in DRILLS:
        raise GraceError(f"there is no drill {name!r}; there is {', '.join(DRILLS)}")
