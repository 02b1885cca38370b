"""Commands and changes that meet a kernel halfway: none is lost, and no late body speaks for a new one."""

import asyncio
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from grace_tui.kernel import GraceError, KernelFailed
from grace_tui.runtime.hosts import source
from grace_tui.runtime.supervisor import run
from tests.runtime.supervisor.bench import Bench, calm, supervising, write

GATED = """
    from grace_tui.kernel import Kernel, KernelSpec

    class Gated(Kernel):
        version = {version}

        async def start(self):
            gate = self.subscribe("open.gate")
            self.publish_started()
            async for _ in gate:
                return

        def publish_started(self):
            self.context.bus.publish("gate.waits", 1, source=self.name)
"""


HANGS = """
    import sys
    import threading

    sys.grace_gate = threading.Event()
    sys.grace_gate.wait(20)
"""


async def until(bench: Bench, name: str, state: str) -> None:
    child = bench.supervisor.child(name)
    with anyio.fail_after(5):
        while child.state != state:
            await child.moved.wait()


async def failures(bench: Bench, kernel: str) -> list[KernelFailed]:
    found = []
    while (message := bench.failures.pop()) is not None:
        assert isinstance(message.payload, KernelFailed)
        if message.payload.kernel == kernel:
            found.append(message.payload)
    return found


async def test_a_stop_before_the_first_step_of_a_body_is_not_lost(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        child = bench.supervisor.child("calm")
        with anyio.fail_after(5):
            while child.detail != "starting":
                await anyio.lowlevel.checkpoint()
        bench.supervisor.stop("calm")
        await until(bench, "calm", "stopped")
        assert (child.was_ready, child.instance, child.scope) == (False, None, None)


async def test_a_file_that_changes_during_the_start_is_taken_once_the_kernel_runs(tmp_path: Path) -> None:
    write(tmp_path, "gated.py", GATED.format(version=1))
    async with supervising(tmp_path) as bench:
        waits = bench.bus.subscribe("room", "gate.waits")
        assert await waits.receive(5)
        write(tmp_path, "gated.py", GATED.format(version=2))
        bench.supervisor.files_changed(["kernels/gated.py"])
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        bench.bus.publish("open.gate", 1, source="room")
        assert await waits.receive(5), "the new code was not started"
        bench.bus.publish("open.gate", 1, source="room")
        await bench.running("gated")
        child = bench.supervisor.child("gated")
        assert child.code is not None
        assert (vars(child.code.kind)["version"], child.stale) == (2, False)


async def test_a_start_that_swallows_its_cancellation_never_gets_to_run(tmp_path: Path) -> None:
    write(
        tmp_path,
        "deaf.py",
        """
        import asyncio
        from grace_tui.kernel import Kernel

        class Deaf(Kernel):
            async def start(self):
                self.context.bus.publish("deaf.waits", 1, source=self.name)
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    pass
        """,
    )
    async with supervising(tmp_path) as bench:
        waits = bench.bus.subscribe("room", "deaf.waits")
        assert await waits.receive(5)
        bench.supervisor.stop("deaf")
        await until(bench, "deaf", "stopped")
        assert not bench.supervisor.child("deaf").was_ready


async def test_a_body_that_ignores_its_cancellation_is_left_behind_and_cannot_disturb_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "STUCK_GRACE", 0.05)
    write(
        tmp_path,
        "deaf.py",
        """
        import asyncio
        from grace_tui.kernel import Kernel, KernelSpec

        class Deaf(Kernel):
            spec = KernelSpec(stop_timeout=0.001)
            released = asyncio.Event()
            ended = asyncio.Event()
            instances = []

            async def run(self):
                self.instances.append(self)
                while self is self.instances[0] and not self.released.is_set():
                    try:
                        await self.released.wait()
                    except asyncio.CancelledError:
                        pass
                if self is self.instances[0]:
                    self.beat()
                    raise ValueError("much too late")
                await super().run()

            async def stop(self):
                if self is self.instances[0]:
                    self.ended.set()
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("deaf")
        child = bench.supervisor.child("deaf")
        assert child.code is not None
        facts, first = vars(child.code.kind), child.instance
        monkeypatch.setattr(bench.supervisor.parts.loader, "load", lambda name: child.code)
        bench.supervisor.restart("deaf")
        assert type((await bench.failed()).error).__name__ == "KernelStuck"
        await bench.running("deaf")
        second, scope, phase = child.instance, child.scope, child.phase
        child.last_beat = 1.0
        assert second is not first
        facts["released"].set()
        with anyio.fail_after(5):
            await facts["ended"].wait()
        await asyncio.sleep(0)
        assert (child.instance, child.scope, child.phase, child.last_beat) == (second, scope, phase, 1.0)
        assert child.state == "running"
        assert await failures(bench, "deaf") == []


async def test_a_kernel_that_never_ends_does_not_keep_the_supervisor_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "STUCK_GRACE", 0.05)
    monkeypatch.setattr("grace_tui.runtime.supervisor.supervisor.STUCK_GRACE", 0.05)
    write(
        tmp_path,
        "deaf.py",
        """
        import asyncio
        from grace_tui.kernel import Kernel, KernelSpec

        class Deaf(Kernel):
            spec = KernelSpec(stop_timeout=0.001)
            released = asyncio.Event()

            async def run(self):
                while not self.released.is_set():
                    try:
                        await self.released.wait()
                    except asyncio.CancelledError:
                        pass
        """,
    )
    with anyio.fail_after(5):
        async with supervising(tmp_path) as bench:
            await bench.running("deaf")
            child = bench.supervisor.child("deaf")
            assert child.code is not None
            facts = vars(child.code.kind)
    assert child.state == "stopped"
    facts["released"].set()
    left = [task for task in asyncio.all_tasks() if task.get_name() == "kernel:deaf"]
    assert len(left) == 1
    await asyncio.wait(left, timeout=5)
    assert left[0].done()


async def test_an_import_that_hangs_fails_and_its_repair_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LOAD_LIMIT", 0.2)
    write(tmp_path, "hangs.py", HANGS)
    calm(tmp_path, "other")
    async with supervising(tmp_path) as bench:
        failure = await bench.failed()
        assert (failure.kernel, failure.phase, type(failure.error).__name__) == ("hangs", "load", "ImportStuck")
        await bench.running("other")
        calm(tmp_path, "hangs")
        bench.supervisor.files_changed(["kernels/hangs.py"])
        await bench.running("hangs")
    vars(sys).pop("grace_gate").set()


async def test_a_kernel_that_waits_for_an_absent_provider_starts_once_it_is_there(tmp_path: Path) -> None:
    calm(tmp_path, "user", "requires=('base',)")
    async with supervising(tmp_path) as bench:
        child = bench.supervisor.child("user")
        with anyio.fail_after(5):
            while child.waits_for != ("base",):
                await anyio.lowlevel.checkpoint()
        calm(tmp_path, "base")
        bench.supervisor.files_changed(["kernels/base.py"])
        await bench.running("base", "user")


async def test_a_start_right_after_a_stop_is_no_mistake(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        first = bench.supervisor.child("calm").instance
        bench.supervisor.stop("calm")
        bench.supervisor.start("calm")
        await bench.running("calm")
        assert bench.supervisor.child("calm").instance is not first
        with pytest.raises(GraceError, match="calm is already running"):
            bench.supervisor.start("calm")


async def test_waiting_for_a_kernel_means_the_next_instance_once_a_restart_was_asked(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        first = bench.supervisor.child("calm").instance
        bench.supervisor.restart("calm")
        with pytest.raises(GraceError, match="calm is ending"):
            bench.supervisor.pause("calm")
        await bench.running("calm")
        assert bench.supervisor.child("calm").instance is not first


async def test_a_deleted_file_leaves_the_last_good_version_running_and_says_so(tmp_path: Path) -> None:
    path = calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        path.unlink()
        assert bench.supervisor.files_changed(["kernels/calm.py"]) == ["calm"]
        assert type((await bench.failed()).error).__name__ == "KernelMissing"
        assert bench.states()["calm"] == "running"
        assert "last good version" in bench.supervisor.child("calm").detail


@pytest.mark.parametrize(
    ("error", "kind"),
    [("asyncio.CancelledError", "KernelCancelled"), ("SystemExit(1)", "SystemExit"), ("ValueError(1)", "ValueError")],
)
async def test_whatever_a_probe_raises_is_a_failure_of_the_probe(tmp_path: Path, error: str, kind: str) -> None:
    write(
        tmp_path,
        "shy.py",
        f"""
        import asyncio
        from grace_tui.kernel import Kernel

        class Shy(Kernel):
            async def probe(self):
                raise {error}
        """,
    )
    async with supervising(tmp_path) as bench:
        failure = await bench.failed()
        assert (failure.phase, type(failure.error).__name__) == ("probe", kind)


async def test_the_state_of_a_kernel_that_is_ending_is_not_asked_for_again(tmp_path: Path) -> None:
    write(
        tmp_path,
        "keeper.py",
        """
        from grace_tui.kernel import Kernel

        class Keeper(Kernel):
            open = True

            def save_state(self):
                assert self.open
                return {"open": self.open}

            async def stop(self):
                self.open = False
                self.context.bus.publish("keeper.stops", 1, source=self.name)
                async for _ in self.subscribe("keeper.goes"):
                    return
        """,
    )
    async with supervising(tmp_path) as bench:
        stops = bench.bus.subscribe("room", "keeper.stops")
        await bench.running("keeper")
        bench.supervisor.stop("keeper")
        assert await stops.receive(5)
        bench.supervisor.save_states()
        bench.bus.publish("keeper.goes", 1, source="room")
        await until(bench, "keeper", "stopped")
        assert await failures(bench, "keeper") == []


async def test_a_restart_releases_a_quarantined_kernel(tmp_path: Path) -> None:
    write(
        tmp_path,
        "shy.py",
        """
        from grace_tui.kernel import Kernel

        class Shy(Kernel):
            async def start(self):
                raise ValueError("no")
        """,
    )
    async with supervising(tmp_path) as bench:
        await until(bench, "shy", "quarantined")
        calm(tmp_path, "shy")
        bench.supervisor.restart("shy")
        await bench.running("shy")


async def test_a_kernel_that_does_not_read_its_mail_stops_nobody(tmp_path: Path) -> None:
    write(
        tmp_path,
        "full.py",
        """
        from grace_tui.kernel import Kernel

        class Full(Kernel):
            async def start(self):
                self.box = self.subscribe("*", capacity=1, overflow="refuse")
        """,
    )
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("full", "calm")
        bench.supervisor.restart("calm")
        await bench.running("full", "calm")
