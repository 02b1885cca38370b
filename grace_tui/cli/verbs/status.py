"""`grace-tui status`: the room at a glance, as JSON, or as something to wait for."""

import time
from collections.abc import Sequence

import click

from grace_tui.cli.asking import about_workspace, ask, json_option, read, show, show_json
from grace_tui.cli.conditions import Condition, parse_condition
from grace_tui.cli.exits import NO_ROOM, Ended
from grace_tui.cli.text import Column, clean, size, table
from grace_tui.faces.views import RoomView
from grace_tui.kernel.spelling import duration, plural
from grace_tui.workspace import Workspace

WARNINGS = 10
"""Most of what wants a person's attention that is told."""
PAUSE = 0.2
"""Seconds between two looks; a room sends its own screens at most ten views a second."""


@click.command()
@json_option
@click.option("--wait", multiple=True, metavar="FIELD=VALUE", help="Wait until this holds, such as running=20.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to wait.")
@about_workspace
def command(workspace: Workspace, as_json: bool, wait: tuple[str, ...], timeout: float) -> int:
    """Show how the room is."""
    view = _awaited(workspace, [parse_condition(text) for text in wait], timeout)
    return show_json(view) if as_json else show(summary(view))


def _awaited(workspace: Workspace, conditions: Sequence[Condition], timeout: float) -> RoomView:
    """The first view in which every condition holds; a room that is still opening is waited for, too."""
    deadline = time.monotonic() + timeout
    while True:
        late = time.monotonic() >= deadline
        try:
            view = read(ask(workspace, "status").data, RoomView)
        except Ended as error:
            if error.code != NO_ROOM or not conditions or late:
                raise
        else:
            missing = [condition for condition in conditions if not condition.holds(view)]
            if not missing:
                return view
            if late:
                raise Ended(f"after {timeout:g} s {'; '.join(found.shortfall(view) for found in missing)}")
        time.sleep(PAUSE)


def summary(view: RoomView) -> list[str]:
    """What the eye must meet first: is anything wrong, what is done about it."""
    failed = f", {view.failed} failed" if view.failed else ""
    failed += f", {view.completed} completed" if view.completed else ""
    lines = [
        f"{view.workspace} on {view.host}: {_how(view)}, open for {duration(view.uptime)} (grace-tui {view.version})",
        f"kernels    {view.running} of {view.total} running{failed}",
        f"incidents  {view.open_incidents} open",
        f"repairs    {view.fixing} in work, {view.queued} queued",
        f"load       cpu {view.cpu_percent:.0f} %, memory {size(view.rss_bytes)}, loop lag {view.loop_lag_ms:.1f} ms",
        f"traffic    {view.bus_rate:.0f} messages/s, {plural(view.screens, 'screen')} attached",
    ]
    if view.banner:
        lines.insert(1, f"notice     {view.banner}")
    if view.degraded:
        lines.insert(1, f"degraded   without {', '.join(view.degraded)}")
    if view.stall:
        lines.insert(1, f"stalled    {view.stall}")
    lines += [f"attention  {text}" for text in view.warnings[:WARNINGS]]
    if (more := len(view.warnings) - WARNINGS) > 0:
        lines.append(f"           and {more} more")
    return [clean(line) for line in lines] + _down(view) + _incidents(view)


def _how(view: RoomView) -> str:
    """The state in a word; a room that is up with something broken in it is not called steady."""
    if view.stall:
        return "stalled"
    if view.state == "steady" and view.failed:
        return f"up, {plural(view.failed, 'kernel')} failed"
    return view.state


def _down(view: RoomView) -> list[str]:
    rows = [
        (kernel.name, kernel.state, duration(kernel.since), kernel.error or kernel.detail)
        for kernel in view.kernels
        if kernel.state not in ("running", "completed")
    ]
    columns = (Column("KERNEL"), Column("STATE"), Column("FOR", right=True), Column("WHY", flexible=True))
    return ["", *table(columns, rows)] if rows else []


def _incidents(view: RoomView) -> list[str]:
    rows = [
        (found.id, found.kernel, found.state, found.title, found.action)
        for found in view.incidents
        if found.state not in ("resolved", "suppressed")
    ]
    columns = (
        Column("INCIDENT"),
        Column("KERNEL"),
        Column("STATE"),
        Column("WHAT", flexible=True),
        Column("ACTION", flexible=True),
    )
    return ["", *table(columns, rows)] if rows else []
