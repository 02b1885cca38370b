"""A room shows what is so, and stays open whatever its kernels do."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from grace_tui.kernel import MonitorReported
from grace_tui.settings import KernelSettings, Settings
from tests.room.bench import (
    PATIENCE,
    calm,
    has_incident,
    incident_of,
    kernel_of,
    on_thread,
    opened,
    tell,
    told,
    wait_for,
    write,
)

NEEDS_THREE = {"requires": ("three",)}


async def test_a_view_counts_what_it_shows(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two")
    write(tmp_path, "three.py", "raise RuntimeError('never')")
    async with opened(tmp_path, Settings()) as bench:
        await bench.running("one", "two")
        view = await bench.until(lambda view: has_incident(view, "three") and view.failed)
        assert (view.total, view.running, view.failed, view.open_incidents) == (3, 2, 1, 1)
        assert [kernel.name for kernel in view.kernels] == ["one", "three", "two"]
        assert kernel_of(view, "three").incident_id == incident_of(view, "three").id
        assert (view.workspace, view.rss_bytes > 0) == (str(tmp_path), True)


async def test_views_are_numbered_upwards_and_come_without_a_change(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        first = await bench.running("one")
        later = await bench.until(lambda view: view.sequence >= first.sequence + 2)
        assert later.uptime > first.uptime


async def test_a_room_without_kernels_opens_and_closes(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        view = await bench.until(lambda view: True)
        assert (view.total, view.state) == (0, "steady")
        assert (await bench.answer("kernel.list"))["data"]["kernels"] == ()


async def test_a_room_is_booted_when_who_is_left_waits_for_one_that_is_down_or_is_not_wanted(tmp_path: Path) -> None:
    calm(tmp_path, "one", "spare")
    write(tmp_path, "three.py", "raise RuntimeError('never')")
    settings = Settings(kernels={"spare": KernelSettings(enabled=False), "one": KernelSettings(overrides=NEEDS_THREE)})
    async with opened(tmp_path, settings) as bench:
        view = await bench.until(lambda view: view.state == "steady")
        assert kernel_of(view, "one").waits_for == ("three",)
        assert kernel_of(view, "spare").state == "stopped"


async def test_the_banner_and_the_screens_are_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.room.set_banner("a drill")
        bench.room.set_screens(2)
        await bench.until(lambda view: (view.banner, view.screens) == ("a drill", 2))


async def test_a_room_is_booting_then_steady_then_degraded_by_a_critical_loss(tmp_path: Path) -> None:
    calm(tmp_path, "one", spec="critical=True")
    async with opened(tmp_path) as bench:
        await bench.until(lambda view: view.state == "steady")
        await bench.answer("kernel.stop", name="one")
        await bench.until(lambda view: view.state == "degraded")


async def test_a_saved_file_replaces_its_kernel(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two")
    async with opened(tmp_path) as bench:
        before = await bench.running("one", "two")
        path = tmp_path / "kernels/one.py"
        path.write_text(path.read_text() + "\n# saved\n")
        old = kernel_of(before, "one").version
        after = await bench.until(
            lambda view: kernel_of(view, "one").version != old and kernel_of(view, "one").state == "running"
        )
        assert kernel_of(after, "two").restarts == kernel_of(before, "two").restarts


async def test_a_new_file_becomes_a_kernel(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        calm(tmp_path, "two")
        view = await bench.until(lambda view: view.running == 2)
        assert kernel_of(view, "two").state == "running"


BROKEN = {
    "syntax": ("def broken(:\n", "SyntaxError", "load"),
    "empty": ("", "KernelEmpty", "load"),
    "no_class": ("x = 1\n", "TypeError", "load"),
    "exits": ("raise SystemExit(3)\n", "SystemExit", "load"),
    "interrupts": ("raise KeyboardInterrupt\n", "KeyboardInterrupt", "load"),
    "bare_base": ("class Odd(BaseException): pass\nraise Odd('odd')\n", "Odd", "load"),
    "needs_models": ("from kernels.models import thing\n", "ImportError", "load"),
}


async def test_files_that_do_not_load_are_incidents_and_the_rest_runs(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    write(tmp_path, "models/__init__.py", "broken = (\n")
    for name, (source, _, _) in BROKEN.items():
        write(tmp_path, f"{name}.py", source)
    expected = dict(BROKEN, needs_models=("", "SyntaxError", "load"))
    async with opened(tmp_path) as bench:
        view = await bench.until(lambda view: view.open_incidents == len(BROKEN) and view.running == 1)
        told = {found.kernel: (found.kind, found.phase) for found in view.incidents}
        assert told == {name: (kind, phase) for name, (_, kind, phase) in expected.items()}
        await bench.until(lambda view: incident_of(view, "needs_models").bundle)
        broken_models = await bench.answer("incident.show", id=incident_of(view, "needs_models").id)
        assert "kernels/models/__init__.py" in broken_models["text"]


UNSPEAKABLE = "type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("SystemExit(3)", "SystemExit"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("asyncio.CancelledError", "KernelCancelled"),
        (UNSPEAKABLE, "Odd"),
    ],
)
def test_whatever_a_running_kernel_raises_is_an_incident(tmp_path: Path, error: str, kind: str) -> None:
    calm(tmp_path, "calm")
    told(tmp_path, f"raise {error}")
    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 2)
        tell(thread)
        view = wait_for(thread, lambda view: has_incident(view, "told") and view.running == 2)
        assert incident_of(view, "told").kind == kind
        assert kernel_of(view, "calm").restarts == 0


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt"])
def test_an_exit_in_a_kernels_own_task_leaves_the_room_open(tmp_path: Path, error: str) -> None:
    calm(tmp_path, "calm")
    told(tmp_path, f"self.made = asyncio.create_task(end())\n\n    async def end():\n        raise {error}")
    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 2)
        tell(thread)
        before = wait_for(thread, lambda view: thread.escaped == 1)
        after = wait_for(thread, lambda view: view.sequence > before.sequence + 2)
        assert kernel_of(after, "calm").state == "running"


async def test_a_missing_file_that_ran_before_is_an_incident(tmp_path: Path) -> None:
    calm(tmp_path, "calm", "lost")
    async with opened(tmp_path) as bench:
        await bench.running("calm", "lost")
        await bench.until(lambda view: "lost" in bench.room.known.names)
    (tmp_path / "kernels/lost.py").unlink()
    async with opened(tmp_path) as bench:
        found = await bench.incident("lost")
        assert found.kind == "KernelMissing"
        assert "lost.py" in found.title
        await bench.running("calm")
        calm(tmp_path, "lost")
        await bench.running("lost")


async def test_a_kernel_that_is_never_ready_is_an_incident_that_says_where(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    write(
        tmp_path,
        "slow.py",
        """
        import asyncio
        from grace_tui.kernel import Kernel, KernelSpec

        class Slow(Kernel):
            spec = KernelSpec(start_timeout=0.05)

            async def start(self):
                await asyncio.Event().wait()
        """,
    )
    async with opened(tmp_path) as bench:
        found = await bench.incident("slow")
        assert "still in start" in found.title
        assert kernel_of(await bench.running("calm"), "calm").restarts == 0


def test_a_kernel_that_holds_the_loop_is_named(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    told(tmp_path, "time.sleep(0.4)")
    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 2)
        tell(thread)
        found = incident_of(wait_for(thread, lambda view: has_incident(view, "told")), "told")
        assert (found.kind, found.phase) == ("LoopBlocked", "block")
        assert "kernels/told.py:" in found.title


async def test_closing_stops_consumers_before_their_providers(tmp_path: Path) -> None:
    source = """
        from pathlib import Path
        from grace_tui.kernel import Kernel, KernelSpec

        class Ordered(Kernel):
            spec = KernelSpec(requires={requires})

            async def stop(self):
                with Path({path!r}).open("a") as file:
                    file.write(self.name + " ")
        """
    order = tmp_path / "order.txt"
    for name, requires in {"base": (), "middle": ("base",), "top": ("middle",)}.items():
        write(tmp_path, f"{name}.py", source.format(requires=requires, path=str(order)))
    async with opened(tmp_path) as bench:
        await bench.running("base", "middle", "top")
    assert order.read_text().split() == ["top", "middle", "base"]
    last = bench.hub.latest()
    assert last is not None
    assert (last.state, last.running) == ("stopping", 0)


async def test_a_room_that_was_closed_can_be_opened_again(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    for _ in range(2):
        async with opened(tmp_path) as bench:
            await bench.running("one")
    async with opened(tmp_path) as bench:
        assert [record["actor"] for record in bench.audited("room.opened")] == ["room"] * 3
        assert len(bench.audited("room.closed")) == 2
        assert bench.room.parts.audit.verify().ok


def test_a_duty_that_fails_costs_its_turn_and_not_the_room(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    (tmp_path / ".grace/kernels.json").mkdir(parents=True)
    with on_thread(tmp_path) as thread:
        first = wait_for(thread, lambda view: view.running == 1)
        wait_for(thread, lambda view: view.uptime > first.uptime + 1.2)
        assert "_note_known failed" in (tmp_path / "logs/room.jsonl").read_text()


async def test_a_report_of_the_wrong_kind_is_left_out_and_the_room_goes_on(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        wrong: Any
        for wrong in (("ok", 5), ("ok", "", "many"), ("ok", "", 1, "soon")):
            bench.room.parts.bus.publish(MonitorReported.topic, MonitorReported("triggers", *wrong), source="one")
        bench.room.parts.bus.publish(MonitorReported.topic, MonitorReported("snapshots", "ok", "fine"), source="one")
        view = await bench.until(lambda view: any(monitor.text == "fine" for monitor in view.monitors))
        assert next(monitor.state for monitor in view.monitors if monitor.name == "triggers") == "off"


async def test_a_view_that_cannot_be_made_costs_a_view_and_not_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm(tmp_path, "one", "two")
    async with opened(tmp_path) as bench:
        troubled, trouble = anyio.Event(), bench.room.trouble

        def note(what: str, error: BaseException) -> None:
            trouble(what, error)
            if what == "show":
                troubled.set()

        monkeypatch.setattr(bench.room, "trouble", note)
        view = await bench.running("one", "two")
        spec = bench.room.supervisor.child("one").spec
        object.__setattr__(spec, "priority", "high")  # a kernel could: it has no order among the others then
        with anyio.fail_after(PATIENCE):
            await troubled.wait()
        assert any("show failed" in line for line in bench.room.parts.log.tail())
        object.__setattr__(spec, "priority", 50)
        await bench.until(lambda later: later.sequence > view.sequence + 1)


async def test_who_waits_for_one_that_just_got_ready_is_still_on_its_way(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    calm(tmp_path, "two", spec="requires=('one',)")
    async with opened(tmp_path) as bench:
        await bench.running("one", "two")
        two = bench.room.supervisor.child("two")
        two.state, two.waits_for = "starting", ("one",)  # as in the turn of the loop after one got ready
        bench.room.showing.booted = False
        assert bench.room.view().state == "booting"
        two.state, two.waits_for = "running", ()
        assert bench.room.view().state == "steady"


async def test_a_warning_is_shown_until_it_is_taken_away(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        bench.room.warn("silences", "S-1 ends in 5 min")
        view = await bench.until(lambda view: "S-1 ends in 5 min" in view.warnings)
        bench.room.warn("silences", "S-1 ends in 4 min")
        view = await bench.until(lambda view: "S-1 ends in 4 min" in view.warnings)
        assert "S-1 ends in 5 min" not in view.warnings
        bench.room.warn("silences", "")
        await bench.until(lambda view: not view.warnings)
