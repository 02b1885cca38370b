"""A task says its rank, what it does, and how far it is through the gates."""

import msgspec
import pytest

from grace_tui.faces.ui.lines.queue import task_lines
from grace_tui.faces.views import GateView
from tests.faces.ui.sample import LEARNED, LOG_TASK, MODELS_TASK
from tests.faces.ui.support import PAINT, style_of, texts, width

INKS = PAINT.room


def test_a_task_at_work_shows_every_gate() -> None:
    assert texts(task_lines(LOG_TASK, 76, INKS)) == [
        " P10 ⚙ immutable_log.append + subsystem" + " " * 25 + "gating 2.3 s",
        "       ✓parse ✓lint ✓types ✓import ◔tests ·replay ·scope ·policy",
    ]


def test_a_narrow_pane_shows_signs_and_the_gate_that_matters() -> None:
    assert texts(task_lines(LOG_TASK, 36, INKS)) == [
        " P10 ⚙ immutable_log.append + subsy…",
        "       ✓✓✓✓◔··· tests 4/8",
    ]


def test_a_wide_pane_says_how_long_each_gate_took() -> None:
    assert "✓types 412 ms" in texts(task_lines(LOG_TASK, 130, INKS))[1]


def test_with_room_it_says_what_the_repair_does() -> None:
    assert any("stores it in the record" in line for line in texts(task_lines(LOG_TASK, 76, INKS, roomy=True)))


def test_a_failed_gate_is_named_loudly() -> None:
    gates = (GateView(name="parse", state="passed"), GateView(name="tests", state="failed", detail="2 failed"))
    lines = task_lines(msgspec.structs.replace(LOG_TASK, gates=gates), 76, INKS)
    assert style_of(lines[1], "tests") == INKS.strong_bad


def test_a_waiting_task_says_so() -> None:
    assert texts(task_lines(MODELS_TASK, 70, INKS))[0].endswith("waiting")
    assert texts(task_lines(MODELS_TASK, 36, INKS))[1].strip() == "waiting"


def test_a_finished_task_is_one_quiet_line() -> None:
    lines = task_lines(LEARNED, 70, INKS, roomy=True)
    assert texts(lines)[0].endswith("learned 8.4 s")
    assert len(lines) == 1


def test_a_remembered_fix_is_called_known() -> None:
    assert "known fix 8.4 s" in texts(task_lines(msgspec.structs.replace(LEARNED, known=True), 70, INKS))[0]


@pytest.mark.parametrize("wide", [1, 5, 12, 29, 30, 60, 130])
def test_every_line_is_as_wide_as_the_pane(wide: int) -> None:
    assert {width(line) for line in task_lines(LOG_TASK, wide, INKS, roomy=True)} == {wide}
