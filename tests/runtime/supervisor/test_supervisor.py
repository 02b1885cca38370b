"""What a user may rely on when kernels start, fail, restart, stop and change on disk."""

import traceback
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from grace_tui.kernel import GraceError, KernelStateChanged, ProviderDown
from grace_tui.runtime.supervisor import RestartPolicy
from tests.runtime.supervisor.bench import Bench, calm, supervising, write

CRASHER = """
    from grace_tui.kernel import Kernel, KernelSpec

    class Crasher(Kernel):
        spec = KernelSpec({spec})

        async def run(self):
            async for message in self.subscribe("crash.now"):
                {act}
"""


SPECIFIED = """
from grace_tui.kernel import Kernel, KernelSpec

class Broken(Kernel):
    spec = {}
"""
HOSTILE = """
    import asyncio
    from grace_tui.kernel import Kernel

    class Hostile(Kernel):
        {hook}
"""


def crash(bench: Bench) -> None:
    bench.bus.publish("crash.now", {}, source="room")


async def test_independent_kernels_all_reach_running(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        calm(tmp_path, name)
    async with supervising(tmp_path) as bench:
        await bench.running("one", "two", "three")


async def test_a_kernel_starts_after_what_it_requires_and_stops_before_it(tmp_path: Path) -> None:
    calm(tmp_path, "base", "priority=1")
    calm(tmp_path, "user", "requires=('base',), priority=0")
    async with supervising(tmp_path) as bench:
        moves = bench.bus.subscribe("room", KernelStateChanged.topic)
        await bench.running("user", "base")
    order = []
    while (message := moves.pop()) is not None:
        assert isinstance(message.payload, KernelStateChanged)
        if message.payload.new in ("running", "stopped") and message.payload.old in ("starting", "running"):
            order.append((message.payload.kernel, message.payload.new))
    running = [name for name, state in order if state == "running"]
    stopped = [name for name, state in order if state == "stopped"]
    assert running == ["base", "user"]
    assert stopped == ["user", "base"]


async def test_who_waits_for_a_kernel_that_is_given_up_says_so(tmp_path: Path) -> None:
    write(tmp_path, "base.py", "import nowhere_at_all")
    calm(tmp_path, "user", "requires=('base',)")
    async with supervising(tmp_path) as bench:
        user = bench.supervisor.child("user")
        with anyio.fail_after(10):
            while user.detail != "waits for base, which is failed":
                await anyio.lowlevel.checkpoint()
            bench.supervisor.stop("base")
            while user.detail != "waits for base, which is stopped":
                await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        pytest.param("import nowhere_at_all", "ModuleNotFoundError", id="import-error"),
        pytest.param("class Broken(:", "SyntaxError", id="syntax-error"),
        pytest.param("", "KernelEmpty", id="empty-file"),
        pytest.param("x = 1", "TypeError", id="no-kernel-class"),
        pytest.param("raise SystemExit(3)", "SystemExit", id="system-exit-at-import"),
        pytest.param("raise KeyboardInterrupt", "KeyboardInterrupt", id="keyboard-interrupt-at-import"),
        pytest.param("import asyncio\nraise asyncio.CancelledError", "KernelCancelled", id="cancelled-at-import"),
        pytest.param(SPECIFIED.format("KernelSpec(requires='calm')"), "UnusableSpec", id="one-name-for-names"),
        pytest.param(SPECIFIED.format("KernelSpec(priority='high')"), "UnusableSpec", id="priority-in-words"),
        pytest.param(SPECIFIED.format("KernelSpec(tier=4)"), "UnusableSpec", id="unknown-tier"),
        pytest.param(SPECIFIED.format("KernelSpec(stop_timeout=None)"), "UnusableSpec", id="no-stop-timeout"),
        pytest.param(SPECIFIED.format("{}"), "UnusableSpec", id="no-spec"),
    ],
)
async def test_a_file_that_does_not_load_fails_alone(tmp_path: Path, source: str, kind: str) -> None:
    write(tmp_path, "broken.py", source)
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        failure = await bench.failed()
        assert (failure.kernel, failure.phase) == ("broken", "load")
        assert type(failure.error).__name__ == kind
        await bench.running("calm")
        assert bench.states()["broken"] == "failed"
        bench.supervisor.stop("broken")
        with anyio.fail_after(5):
            while bench.states()["broken"] != "stopped":
                await bench.supervisor.child("broken").moved.wait()


@pytest.mark.parametrize("error", ["SystemExit(1)", "KeyboardInterrupt()", "BaseException('odd')", "ValueError('bad')"])
async def test_whatever_run_raises_is_contained_and_restarted(tmp_path: Path, error: str) -> None:
    write(tmp_path, "crasher.py", CRASHER.format(spec="", act=f"raise {error}"))
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("crasher", "calm")
        crash(bench)
        failure = await bench.failed()
        assert (failure.kernel, failure.phase) == ("crasher", "run")
        await bench.running("crasher")
        assert bench.supervisor.child("crasher").restarts == 1
        assert bench.states()["calm"] == "running"


async def test_a_failure_is_shown_without_the_secrets_that_it_names(tmp_path: Path) -> None:
    write(tmp_path, "crasher.py", CRASHER.format(spec="", act="raise ValueError('password=hunter2-long is wrong')"))
    async with supervising(tmp_path) as bench:
        await bench.running("crasher")
        crash(bench)
        await bench.failed()
        ended = bench.supervisor.child("crasher").last_exit
        assert ended is not None
        assert ended.reason == "ValueError: password=[redacted] is wrong"


async def test_a_cancellation_of_the_kernels_own_making_is_a_failure(tmp_path: Path) -> None:
    write(tmp_path, "crasher.py", CRASHER.format(spec="", act="import asyncio; raise asyncio.CancelledError"))
    async with supervising(tmp_path) as bench:
        await bench.running("crasher")
        crash(bench)
        assert type((await bench.failed()).error).__name__ == "KernelCancelled"
        await bench.running("crasher")


async def test_a_kernel_that_cancels_its_own_task_has_failed(tmp_path: Path) -> None:
    act = "import asyncio; asyncio.current_task().cancel(); await asyncio.sleep(60)"
    write(tmp_path, "crasher.py", CRASHER.format(spec="", act=act))
    async with supervising(tmp_path) as bench:
        await bench.running("crasher")
        crash(bench)
        assert type((await bench.failed()).error).__name__ == "KernelCancelled"
        await bench.running("crasher")


@pytest.mark.parametrize("error", ["SystemExit(1)", "KeyboardInterrupt()", "asyncio.CancelledError()", "ValueError()"])
@pytest.mark.parametrize("hook", ["summary", "vitals", "save_state", "paused", "resumed"])
async def test_whatever_the_supervisor_asks_a_kernel_its_answer_is_contained(
    tmp_path: Path, hook: str, error: str
) -> None:
    write(tmp_path, "hostile.py", HOSTILE.format(hook=f"def {hook}(self): raise {error}"))
    async with supervising(tmp_path) as bench:
        await bench.running("hostile")
        bench.supervisor.pause("hostile")
        bench.supervisor.resume("hostile")
        bench.supervisor.second()
        bench.supervisor.save_states()
        if hook in ("summary", "vitals"):
            assert bench.supervisor.child("hostile").summary.startswith("could not say how it is: ")
        else:
            assert (await bench.failed()).phase == hook
        assert bench.states()["hostile"] == "running"


@pytest.mark.parametrize(
    "hook",
    [
        pytest.param("def summary(self): return 5", id="a summary that is no text"),
        pytest.param("def vitals(self): return 'many'", id="vitals that are none"),
        pytest.param("async def probe(self): self.count(1.5)", id="half a unit of work"),
    ],
)
async def test_what_a_kernel_says_of_itself_is_of_the_kind_that_screens_take(tmp_path: Path, hook: str) -> None:
    write(tmp_path, "hostile.py", HOSTILE.format(hook=hook))
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        with anyio.fail_after(5):
            while bench.states()["hostile"] not in ("running", "backing_off"):
                await bench.supervisor.child("hostile").moved.wait()
        bench.supervisor.second()
        record = bench.supervisor.record("hostile")
    assert (type(record.summary), type(record.count), record.vitals) == (str, int, None)


async def test_a_failing_probe_keeps_a_kernel_from_running(tmp_path: Path) -> None:
    write(
        tmp_path,
        "shy.py",
        """
        from grace_tui.kernel import Kernel, NotReady

        class Shy(Kernel):
            async def probe(self):
                raise NotReady("no answer yet")
        """,
    )
    async with supervising(tmp_path, policy=RestartPolicy(intensity=2, base=0.001)) as bench:
        failure = await bench.failed()
        assert (failure.phase, str(failure.error)) == ("probe", "no answer yet")
        while bench.states()["shy"] != "quarantined":
            await bench.supervisor.child("shy").moved.wait()
        assert bench.supervisor.child("shy").restarts == 2


async def test_a_kernel_that_never_gets_ready_times_out_and_says_where(tmp_path: Path) -> None:
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
    async with supervising(tmp_path) as bench:
        failure = await bench.failed()
        assert "still in start" in str(failure.error)


async def test_a_kernel_that_stops_beating_is_hung_and_restarted(tmp_path: Path) -> None:
    write(
        tmp_path,
        "silent.py",
        """
        import asyncio
        from grace_tui.kernel import Kernel, KernelSpec

        class Silent(Kernel):
            spec = KernelSpec(heartbeat_timeout=0.01)

            async def run(self):
                await self.wait_for_ever()

            async def wait_for_ever(self):
                await asyncio.Event().wait()
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("silent")
        child = bench.supervisor.child("silent")
        child.last_beat = (child.last_beat or 0.0) - 1.0
        bench.supervisor.second()
        failure = await bench.failed()
        assert (failure.phase, type(failure.error).__name__) == ("heartbeat", "KernelHung")
        places = [(Path(at.filename).name, at.name) for at in traceback.extract_tb(failure.error.__traceback__)]
        assert [place for place in places if place[0] == "silent.py"] == [
            ("silent.py", "run"),
            ("silent.py", "wait_for_ever"),
        ]
        await bench.running("silent")


async def test_a_crash_loop_ends_in_quarantine_and_start_releases_it(tmp_path: Path) -> None:
    write(tmp_path, "crasher.py", CRASHER.format(spec="", act="raise ValueError('again')"))
    async with supervising(tmp_path, policy=RestartPolicy(intensity=1, base=0.001)) as bench:
        for _ in range(2):
            await bench.running("crasher")
            crash(bench)
            await bench.failed()
        while bench.states()["crasher"] != "quarantined":
            await bench.supervisor.child("crasher").moved.wait()
        bench.supervisor.start("crasher")
        await bench.running("crasher")


async def test_saved_state_is_handed_to_the_next_instance(tmp_path: Path) -> None:
    write(
        tmp_path,
        "counter.py",
        """
        from grace_tui.kernel import Kernel

        class Counter(Kernel):
            async def start(self):
                self.total = self.saved_state.get("total", 0) + 1

            def save_state(self):
                return {"total": self.total}

            async def told(self):
                return self.total
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("counter")
        bench.supervisor.restart("counter")
        moved = bench.supervisor.child("counter").moved
        await moved.wait()
        await bench.running("counter")
        counter = await bench.supervisor.resolve("room", "counter")
        assert await counter.told() == 2  # type: ignore[attr-defined]


async def test_a_changed_file_replaces_the_running_instance(tmp_path: Path) -> None:
    path = calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        before = bench.supervisor.record("calm").version
        path.write_text(path.read_text() + "\n# changed\n")
        moved = bench.supervisor.child("calm").moved
        assert bench.supervisor.files_changed(["kernels/calm.py"]) == ["calm"]
        await moved.wait()
        await bench.running("calm")
        assert bench.supervisor.record("calm").version != before


async def test_a_change_that_does_not_load_leaves_the_old_version_serving(tmp_path: Path) -> None:
    path = calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        path.write_text("def broken(:\n")
        bench.supervisor.files_changed(["kernels/calm.py"])
        assert (await bench.failed()).phase == "load"
        assert bench.states()["calm"] == "running"
        assert "last good version" in bench.supervisor.child("calm").detail


async def test_a_repaired_helper_brings_its_failed_consumer_back(tmp_path: Path) -> None:
    helper = write(tmp_path, "models/__init__.py", "nothing = 1")
    write(
        tmp_path,
        "user.py",
        """
        from grace_tui.kernel import Kernel
        from kernels.models import wanted

        class User(Kernel):
            pass
        """,
    )
    async with supervising(tmp_path) as bench:
        failure = await bench.failed()
        assert "cannot import name 'wanted' from 'kernels.models'" in str(failure.error)
        helper.write_text("wanted = 1\n")
        bench.supervisor.files_changed(["kernels/models/__init__.py"])
        await bench.running("user")


async def test_a_helper_repaired_while_its_consumer_loads_is_not_missed(tmp_path: Path) -> None:
    helper = write(
        tmp_path,
        "models/__init__.py",
        """
        from pathlib import Path
        import time

        (Path(__file__).parent / "read").touch()
        until = time.monotonic() + 5
        while not (Path(__file__).parent / "go").exists() and time.monotonic() < until:
            pass
        """,
    )
    write(
        tmp_path,
        "user.py",
        """
        from grace_tui.kernel import Kernel
        from kernels.models import wanted

        class User(Kernel):
            pass
        """,
    )
    async with supervising(tmp_path) as bench:
        while not (helper.parent / "read").exists():
            await anyio.lowlevel.checkpoint()
        helper.write_text("wanted = 1\n")
        assert bench.supervisor.files_changed(["kernels/models/__init__.py"]) == ["user"]
        (helper.parent / "go").touch()
        await bench.running("user")


async def test_a_kernel_waits_for_the_new_version_of_what_it_requires(tmp_path: Path) -> None:
    base = calm(tmp_path, "base")
    write(
        tmp_path,
        "user.py",
        """
        from grace_tui.kernel import Kernel, KernelSpec

        class User(Kernel):
            spec = KernelSpec(requires=("base",))

            async def start(self):
                await self.kernel("base").asked()
        """,
    )
    async with supervising(tmp_path, policy=RestartPolicy(intensity=50, base=5.0)) as bench:
        assert (await bench.failed()).kernel == "user"
        base.write_text(base.read_text() + "\n    async def asked(self):\n        pass\n")
        bench.supervisor.files_changed(["kernels/base.py"])
        await bench.running("user")
        assert bench.supervisor.child("user").restarts <= 2


async def test_a_stop_wins_and_lasts_until_start(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        bench.supervisor.restart("calm")
        bench.supervisor.stop("calm")
        while bench.states()["calm"] != "stopped":
            await bench.supervisor.child("calm").moved.wait()
        bench.supervisor.start("calm")
        await bench.running("calm")


async def test_a_handle_says_clearly_that_its_provider_is_down(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        bench.supervisor.stop("calm")
        while bench.states()["calm"] != "stopped":
            await bench.supervisor.child("calm").moved.wait()
        with pytest.raises(ProviderDown, match="user called calm, which is stopped"):
            await bench.supervisor.resolve("user", "calm")


async def test_pause_holds_and_resume_continues(tmp_path: Path) -> None:
    write(tmp_path, "crasher.py", CRASHER.format(spec="", act="self.count()"))
    async with supervising(tmp_path) as bench:
        await bench.running("crasher")
        bench.supervisor.pause("crasher")
        assert bench.states()["crasher"] == "paused"
        with pytest.raises(GraceError, match="only a running kernel can be paused"):
            bench.supervisor.pause("crasher")
        bench.supervisor.resume("crasher")
        assert bench.states()["crasher"] == "running"


async def test_an_unknown_kernel_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    async with supervising(tmp_path) as bench:
        with pytest.raises(GraceError, match=r"there is no kernel 'clam'; did you mean calm\?"):
            bench.supervisor.restart("clam")
        with pytest.raises(GraceError, match="there is no kernel 'nobody'; there are calm"):
            bench.supervisor.restart("nobody")
