"""A kernel's page tells how it stands, how it ended last, what is left of its budget, its ties and its host."""

import pytest

from grace_tui.faces.ui.lines.kernel import kernel_facts
from grace_tui.faces.ui.lines.said import Beside, Said
from grace_tui.faces.views import KernelView
from tests.faces.ui.crowd import BACKING_OFF, MIXED, QUARANTINED, WAITING, WEB
from tests.faces.ui.sample import AT, TWO_INCIDENTS

pytestmark = pytest.mark.usefixtures("utc")


def facts(kernel: KernelView) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in kernel_facts(kernel, AT):
        group: tuple[Said, ...] = (*one.left, *one.right) if isinstance(one, Beside) else (one,)
        found |= {said.label: said.text for said in group}
    return found


def test_kernel_page_says_why_it_is_down() -> None:
    found = facts(TWO_INCIDENTS.kernels[3])
    assert found["state"] == "failed for 3 s"
    assert found["error"].startswith("TypeError: ImmutableLog.append()")
    assert (found["requires"], found["version"], found["incident"]) == ("message_bus", "00007bbc", "i-0008")


def test_kernel_page_says_since_when_and_when_it_tries_again() -> None:
    found = facts(BACKING_OFF)
    assert found["state"] == "backing off since 08:29:02, 1 s"
    assert found["next try"] == "in 3.2 s"
    assert found["failures"] == "3 in the last 60 s, 2 of 5 left"
    assert (found["restarts"], found["policy"]) == ("9", "permanent, one_for_one")


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        pytest.param(BACKING_OFF, "exit code 3 in run, 08:29:02, 2 s ago", id="code-in-the-reason"),
        pytest.param(QUARANTINED, "killed by SIGKILL in run, 08:27:29, 1 min ago", id="signal"),
    ],
)
def test_kernel_page_says_how_it_ended_last(kernel: KernelView, expected: str) -> None:
    assert facts(kernel)["last exit"] == expected


def test_kernel_page_says_who_waits_for_whom() -> None:
    assert facts(WAITING)["waits for"] == "mailer, web-1"
    assert (facts(WEB)["waited by"], facts(WEB)["needed by"]) == ("smoke_test", "smoke_test, proxy")


def test_kernel_page_of_a_program_says_what_it_uses() -> None:
    found = facts(WEB)
    assert (found["runs as"], found["process"], found["uses"]) == (
        "command",
        "pid 4242",
        "cpu 1 %, rss 30 M",
    )


def test_kernel_page_of_a_moved_kernel_says_why() -> None:
    found = facts(next(kernel for kernel in MIXED.kernels if kernel.moved))
    assert found["runs as"] == "process; moved: held the loop twice"
    assert found["held loop"] == "2 times"


def test_kernel_page_of_a_task_has_no_process() -> None:
    assert not {"process", "uses", "held loop", "waits for"} & set(facts(TWO_INCIDENTS.kernels[0]))
