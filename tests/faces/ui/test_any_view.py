"""Whatever a view says, and whatever the size, the lines fill the screen and nothing raises."""

from typing import Any, get_origin, get_type_hints

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from grace_tui.faces.ui.draw import marks
from grace_tui.faces.ui.layout import Box, plan
from grace_tui.faces.ui.lines.feed import feed_lines, in_order
from grace_tui.faces.ui.lines.grid import GridState, TileCache, grid_lines
from grace_tui.faces.ui.lines.header import Freshness, banner_line, header_line
from grace_tui.faces.ui.lines.incident import incident_facts, tried
from grace_tui.faces.ui.lines.kernel import kernel_facts
from grace_tui.faces.ui.lines.listing import Drawn, ListState, list_lines
from grace_tui.faces.ui.lines.monitors import monitors_line
from grace_tui.faces.ui.lines.pages import task_facts
from grace_tui.faces.ui.lines.queue import task_lines
from grace_tui.faces.ui.lines.runs import run_facts, run_lines
from grace_tui.faces.ui.lines.said import page_lines
from grace_tui.faces.ui.lines.silences import silence_facts, silence_lines, silence_rows
from grace_tui.faces.views import (
    ChaosView,
    ExitView,
    GateView,
    HiddenView,
    IncidentView,
    KernelView,
    RoomView,
    RunView,
    SilenceView,
    StepView,
    TaskView,
    VitalsView,
)
from tests.faces.ui.sample import TWO_INCIDENTS
from tests.faces.ui.support import PAINT, is_picture, width

NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 10**30, 10**400, None]))
WORDS = st.one_of(
    st.text(max_size=60), st.sampled_from([None, "日本語" * 20, "\x1b[2J", "👩‍🚀❤️", "e\u0301" * 40, "[b]x"])
)
NAMES = st.text(max_size=12)
ODD_FIELDS = 8
"""Fields of one view that are strange at a time. A view that is strange all over is so large that a failure takes
minutes to make small, and is cut off by the time limit in the middle of being made: what is then told is not the
failure but that its making is flaky."""


def any_of(usual: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`usual` with any words and numbers in a few of its fields."""
    odd = {name: fields.get(name, _any_value(kind)) for name, kind in get_type_hints(type(usual)).items()}

    @st.composite
    def made(draw: st.DrawFn) -> Any:
        names = draw(st.lists(st.sampled_from(sorted(odd)), max_size=ODD_FIELDS, unique=True))
        return msgspec.structs.replace(usual, **{name: draw(odd[name]) for name in names})

    return made()


def _any_value(kind: Any) -> st.SearchStrategy[Any]:
    if kind is str:
        return WORDS
    if kind is bool:
        return st.booleans()
    return st.lists(NAMES, max_size=3).map(tuple) if get_origin(kind) is tuple else NUMBERS


def few(one: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=most).map(tuple)


USUAL = TWO_INCIDENTS
EXITS = any_of(ExitView(at=USUAL.at, reason="exit code 3", phase="run", code=3))
VITALS = any_of(VitalsView(pid=4242, cpu_percent=3.0, rss_bytes=18 * 1024**2, processes=3))
KERNELS = any_of(
    USUAL.kernels[3],
    name=NAMES,
    state=st.sampled_from([*marks.KERNEL, "odd", ""]),
    isolation=st.sampled_from(["task", "process", "command", "odd", ""]),
    spark=few(NUMBERS, 70),
    last_exit=st.none() | EXITS,
    vitals=st.none() | VITALS,
)
GATES = any_of(GateView(name="tests", state="running"), state=st.sampled_from([*marks.GATE, "odd"]))
HIDDEN = any_of(HiddenView(kernel="librarian", title="it is down", count=3, last_at=USUAL.at))
INCIDENTS = any_of(USUAL.incidents[0], id=NAMES, state=st.sampled_from([*marks.INCIDENT, "odd"]), hides=few(HIDDEN, 4))
SILENCES = any_of(SilenceView(id="S-1", matcher="librarian", reason="disk", by="ada", starts_at=1.0, ends_at=USUAL.at))
STEPS = any_of(StepView(name="restart it", action="restart", state="done"), state=st.sampled_from([*marks.STEP, "odd"]))
RUNS = any_of(
    RunView(id="R-1", playbook="disk", incident_id="i-0008", kernel="librarian", state="running", started_at=USUAL.at),
    id=NAMES,
    state=st.sampled_from([*marks.RUN, "odd"]),
    steps=few(STEPS, 4),
)
TASKS = any_of(USUAL.tasks[0], id=NAMES, state=st.sampled_from([*marks.TASK, "odd"]), gates=few(GATES, 9))
MONITORS = any_of(USUAL.monitors[0], state=st.sampled_from([*marks.MONITOR, "odd"]))
ROOMS = any_of(
    USUAL,
    sequence=st.integers(),
    state=st.sampled_from([*marks.ROOM, "odd"]),
    kernels=few(KERNELS, 9).map(lambda some: (*some, *USUAL.kernels)),
    incidents=few(INCIDENTS, 4),
    tasks=few(TASKS, 4),
    monitors=few(MONITORS, 4),
    silences=few(SILENCES, 3),
    runs=few(RUNS, 3),
    chaos=any_of(ChaosView()),
)
SIDES = st.integers(1, 220)


@settings(max_examples=200)
@given(ROOMS, SIDES, st.integers(1, 70), NUMBERS)
def test_any_view_fills_any_screen(view: RoomView, wide: int, high: int, age: float | None) -> None:
    found = plan(wide, high, len(view.kernels), banner=bool(view.banner), incidents=len(view.incidents), tasks=2)
    assert width(header_line(view, wide, PAINT, Freshness(age if isinstance(age, float) else 9.0))) == wide
    assert width(banner_line(view, wide, PAINT)) == wide
    assert width(monitors_line(view.monitors, wide, PAINT)) == wide
    selected = view.kernels[0].name if view.kernels else ""
    grid = GridState(kernels=view.kernels, total=99, selected=selected, focused=True, boxed=found.boxed)
    assert fills(found.grid, grid_lines(grid, *found.grid[2:], PAINT, TileCache()))
    incidents = in_order(view.incidents, unfolded=True)
    feed = ListState("incidents", items=incidents, boxed=found.boxed, roomy=high > 30, empty="none")
    assert fills(found.feed, list_lines(feed, *found.feed[2:], PAINT, Drawn(feed_lines)))
    queue = ListState("coding agent", items=view.tasks, boxed=found.boxed, roomy=high > 30, empty="none")
    assert fills(found.queue, list_lines(queue, *found.queue[2:], PAINT, Drawn(task_lines)))


def fills(box: Box, lines: list[Any]) -> bool:
    return not box.height or is_picture(lines, box.width, box.height)


@settings(max_examples=200)
@given(ROOMS, KERNELS, INCIDENTS, TASKS, SIDES)
def test_any_page_fills_its_width(
    view: RoomView, kernel: KernelView, incident: IncidentView, task: TaskView, wide: int
) -> None:
    said = [*kernel_facts(kernel, USUAL.at), *incident_facts(incident, USUAL.at), *tried(incident, view)]
    said += task_facts(task)
    assert {width(line) for line in page_lines(said, wide, PAINT)} == {wide}


@settings(max_examples=200)
@given(RUNS, SILENCES, SIDES)
def test_any_run_and_any_silence_fill_their_width(run: RunView, silence: SilenceView, wide: int) -> None:
    said = [*run_facts(run, USUAL.at), *silence_facts(silence, USUAL.at)]
    rows = silence_rows((silence,), USUAL.at)
    lines = [*run_lines(run, wide, PAINT.room), *silence_lines(rows[0], wide, PAINT.room)]
    assert {width(line) for line in (*page_lines(said, wide, PAINT), *lines)} == {wide}
