"""Whatever a view says, and whatever the size, the lines fill the screen and nothing raises."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from grace_tui.faces.ui.draw import marks
from grace_tui.faces.ui.layout import Box, plan
from grace_tui.faces.ui.lines.feed import incident_lines
from grace_tui.faces.ui.lines.grid import GridState, TileCache, grid_lines
from grace_tui.faces.ui.lines.header import Freshness, banner_line, header_line
from grace_tui.faces.ui.lines.listing import Drawn, ListState, list_lines
from grace_tui.faces.ui.lines.monitors import monitors_line
from grace_tui.faces.ui.lines.pages import incident_facts, kernel_facts, page_lines, task_facts
from grace_tui.faces.ui.lines.queue import task_lines
from grace_tui.faces.views import ChaosView, GateView, IncidentView, KernelView, MonitorView, RoomView, TaskView
from tests.faces.ui.support import PAINT, is_picture, width

NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 10**30, 10**400, None]))
WORDS = st.one_of(
    st.text(max_size=60), st.sampled_from([None, "日本語" * 20, "\x1b[2J", "👩‍🚀❤️", "e\u0301" * 40, "[b]x"])
)


def any_of(view: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Views with any words and numbers in every field."""
    chosen: dict[str, st.SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(view):
        chosen[field.name] = fields.get(field.name, WORDS if field.type is str else NUMBERS)
    return st.builds(view, **chosen)


FLAGS = st.booleans()
NAMES = st.text(max_size=12)
KERNELS = any_of(
    KernelView,
    name=NAMES,
    state=st.sampled_from([*marks.KERNEL, "odd", ""]),
    critical=FLAGS,
    spark=st.lists(NUMBERS, max_size=70).map(tuple),
    requires=st.lists(NAMES, max_size=3).map(tuple),
)
GATES = any_of(GateView, state=st.sampled_from([*marks.GATE, "odd"]))
INCIDENTS = any_of(IncidentView, id=NAMES, state=st.sampled_from([*marks.INCIDENT, "odd"]))
TASKS = any_of(
    TaskView,
    id=NAMES,
    state=st.sampled_from([*marks.TASK, "odd"]),
    gates=st.lists(GATES, max_size=9).map(tuple),
    known=FLAGS,
    files=st.lists(NAMES, max_size=3).map(tuple),
)
MONITORS = any_of(MonitorView, state=st.sampled_from([*marks.MONITOR, "odd"]))
ROOMS = any_of(
    RoomView,
    sequence=st.integers(),
    kernels=st.lists(KERNELS, max_size=24).map(tuple),
    incidents=st.lists(INCIDENTS, max_size=6).map(tuple),
    tasks=st.lists(TASKS, max_size=6).map(tuple),
    monitors=st.lists(MONITORS, max_size=4).map(tuple),
    chaos=any_of(ChaosView),
)
SIDES = st.integers(1, 220)


@settings(max_examples=60, deadline=None)
@given(ROOMS, SIDES, st.integers(1, 70), NUMBERS)
def test_any_view_fills_any_screen(view: RoomView, wide: int, high: int, age: float | None) -> None:
    found = plan(wide, high, len(view.kernels), banner=bool(view.banner), incidents=len(view.incidents), tasks=2)
    assert width(header_line(view, wide, PAINT, Freshness(age if isinstance(age, float) else 9.0))) == wide
    assert width(banner_line(view, wide, PAINT)) == wide
    assert width(monitors_line(view.monitors, wide, PAINT)) == wide
    selected = view.kernels[0].name if view.kernels else ""
    grid = GridState(kernels=view.kernels, total=99, selected=selected, focused=True, boxed=found.boxed)
    assert fills(found.grid, grid_lines(grid, *found.grid[2:], PAINT, TileCache()))
    feed = ListState("incidents", items=view.incidents, boxed=found.boxed, roomy=high > 30, empty="none")
    assert fills(found.feed, list_lines(feed, *found.feed[2:], PAINT, Drawn(incident_lines)))
    queue = ListState("coding agent", items=view.tasks, boxed=found.boxed, roomy=high > 30, empty="none")
    assert fills(found.queue, list_lines(queue, *found.queue[2:], PAINT, Drawn(task_lines)))


def fills(box: Box, lines: list[Any]) -> bool:
    return not box.height or is_picture(lines, box.width, box.height)


@settings(max_examples=60, deadline=None)
@given(KERNELS, INCIDENTS, TASKS, SIDES)
def test_any_page_fills_its_width(kernel: KernelView, incident: IncidentView, task: TaskView, wide: int) -> None:
    said = [*kernel_facts(kernel), *incident_facts(incident), *task_facts(task)]
    assert {width(line) for line in page_lines(said, wide, PAINT)} == {wide}
