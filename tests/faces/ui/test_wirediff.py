"""Only changed cells go out, and what stands on the terminal is what a whole repaint would put there."""

import random
from typing import Any

import msgspec
import pyte
import pytest
from anyio import create_task_group
from rich.segment import Segment
from rich.style import Style
from textual.pilot import Pilot

from grace_tui.faces.ui.app import RoomApp
from grace_tui.faces.ui.wirediff import changed_runs, differing
from grace_tui.faces.views import KernelView
from tests.faces.ui.driving import Opened, TerminalDriver
from tests.faces.ui.sample import ALL, CALM, ROOMS, room

RED, BLUE = Style(color="red"), Style(color="blue")


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        pytest.param("abc", "abc", [], id="same"),
        pytest.param("abc", "aXc", [(1, 2)], id="one-cell"),
        pytest.param("abcdef", "XbcdeX", [(0, 6)], id="small-gap-is-one-run"),
        pytest.param("a" + "." * 20 + "b", "X" + "." * 20 + "X", [(0, 1), (21, 22)], id="wide-gap-is-two"),
    ],
)
def test_differing_finds_the_runs(old: str, new: str, runs: list[tuple[int, int]]) -> None:
    assert list(differing(old, new)) == runs


def test_a_change_of_style_sends_the_segment() -> None:
    old = [Segment("ab", RED), Segment("cd", RED)]
    assert changed_runs(old, [Segment("ab", RED), Segment("cd", BLUE)]) == [(2, [Segment("cd", BLUE)])]


@pytest.mark.parametrize("new", [[Segment("日", RED)], [Segment("abc", RED)], [Segment("a", RED), Segment("b", RED)]])
def test_what_cannot_be_matched_cell_by_cell_is_sent_whole(new: list[Segment]) -> None:
    assert changed_runs([Segment("ab", RED)], new) is None


class Terminal:
    """An app that paints a terminal, and a pilot for it."""

    def __init__(self, opened: Opened, pilot: Pilot[Any]) -> None:
        self.opened, self.app, self.pilot = opened, opened.app, pilot
        assert isinstance(self.app._driver, TerminalDriver)
        self.driver = self.app._driver

    def differences(self) -> list[tuple[int, int]]:
        """Cells that differ from what a whole repaint would show, in text or in style."""
        whole = pyte.Screen(self.driver.terminal.columns, self.driver.terminal.lines)
        update: Any = self.app.screen._compositor.render_full_update()
        pyte.Stream(whole).feed(update.render_segments(self.app.console))
        rows, columns = range(whole.lines), range(whole.columns)
        shown = self.driver.terminal.buffer
        return [(y, x) for y in rows for x in columns if whole.buffer[y][x] != shown[y][x]]


async def drive(opened: Opened, size: tuple[int, int], steps: Any) -> None:
    """Run the app on a terminal of `size` while `steps` is awaited."""
    async with create_task_group() as tasks:
        pilot: Pilot[Any] = Pilot(opened.app)
        ready: Any = opened.app

        async def go(_pilot: object) -> None:
            await pilot.pause()
            await steps(Terminal(opened, pilot))
            ready.exit()

        tasks.start_soon(run, opened.app, size, go)


async def run(app: RoomApp, size: tuple[int, int], go: Any) -> None:
    await app.run_async(size=size, auto_pilot=go)


def odd_room(chance: random.Random, sequence: int) -> Any:
    """A room in which some kernels say something else, now and then in wide characters."""
    kernels = []
    for kernel in ALL:
        words = chance.choice(["idle", f"{chance.randrange(10_000)}/s", "日本語", "é" * 5, kernel.summary])
        state = chance.choice(["running"] * 6 + ["failed", "paused"])
        kernels.append(msgspec.structs.replace(kernel, summary=words, state=state, since=chance.random() * 90))
    base = ROOMS[chance.choice(list(ROOMS))]
    return msgspec.structs.replace(base, sequence=sequence, kernels=tuple(kernels), uptime=float(sequence))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_the_terminal_shows_what_a_whole_repaint_would(size: tuple[int, int]) -> None:
    opened = Opened(CALM, driver_class=TerminalDriver)
    chance = random.Random(size[0])
    wrong: list[tuple[int, list[tuple[int, int]]]] = []

    async def steps(terminal: Terminal) -> None:
        keys = ["down", "tab", "t", "r", "right", "question_mark", "escape", "slash", "g", "escape", "s", "n"]
        for step in range(18):
            opened.feed.publish(odd_room(chance, 1_000 + step))
            if step % 2 == 0:
                await terminal.pilot.press(keys[step // 2 % len(keys)])
            await terminal.pilot.pause()
            if found := terminal.differences():
                wrong.append((step, found[:5]))

    await drive(opened, size, steps)
    assert wrong == []


async def test_one_changed_figure_costs_few_bytes() -> None:
    opened = Opened(CALM, driver_class=TerminalDriver)
    costs: list[int] = []

    async def steps(terminal: Terminal) -> None:
        for sequence, words in ((900, "1.3k/s"), (901, "1.4k/s")):
            before = terminal.driver.written
            changed = (msgspec.structs.replace(ALL[0], summary=words), *ALL[1:])
            opened.feed.publish(room(sequence=sequence, kernels=changed))
            await terminal.pilot.pause()
            costs.append(terminal.driver.written - before)

    await drive(opened, (120, 40), steps)
    assert 0 < costs[1] < 80


async def test_a_name_in_wide_characters_is_painted_whole() -> None:
    opened = Opened(CALM, driver_class=TerminalDriver)
    shown: list[str] = []

    async def steps(terminal: Terminal) -> None:
        wide = (KernelView(name="カーネル", state="running", summary="はい"), *ALL[1:])
        opened.feed.publish(room(sequence=900, kernels=wide))
        await terminal.pilot.pause()
        shown.extend(terminal.driver.terminal.display)

    await drive(opened, (80, 24), steps)
    assert any("カーネル" in line.replace("\x00", "") for line in shown)
