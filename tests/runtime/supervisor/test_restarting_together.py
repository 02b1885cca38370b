"""Who restarts with whom, in which order, and what it costs them: strategies, followers, conditions, circles."""

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from grace_tui.kernel import KernelStateChanged
from grace_tui.runtime.bus import Mailbox
from grace_tui.runtime.supervisor import RestartPolicy
from tests.runtime.supervisor.bench import Bench, calm, supervising, write

TOLD = """
    from grace_tui.kernel import Kernel, KernelSpec

    class Told(Kernel):
        spec = KernelSpec({spec})

        async def start(self):
            self.context.bus.publish("told.began", self.name, source=self.name)

        async def run(self):
            async for order in self.subscribe(f"order.{{self.name}}"):
                if order.payload == "crash":
                    raise ValueError("told to")
                return

        async def stop(self):
            self.context.bus.publish("told.ended", self.name, source=self.name)
"""
CHAIN = {"base": "", "store": "requires=('base',)", "user": "requires=('store',)", "alone": ""}


def tell(root: Path, **specs: str) -> None:
    for name, spec in specs.items():
        write(root, f"{name}.py", TOLD.format(spec=spec))


def order(bench: Bench, name: str, what: str = "crash") -> None:
    bench.bus.publish(f"order.{name}", what, source="room")


def heard(box: Mailbox) -> list[str]:
    """What the kernels told: `-name` ended, `+name` began."""
    found = []
    while (message := box.pop()) is not None:
        if message.topic.startswith("told."):
            found.append(("+" if message.topic == "told.began" else "-") + str(message.payload))
    return found


async def until(bench: Bench, name: str, state: str) -> None:
    child = bench.supervisor.child(name)
    with anyio.fail_after(5):
        while child.state != state:
            await child.moved.wait()


async def all_running(bench: Bench, *names: str, starts: int = 2) -> None:
    """Wait until each runs for the `starts`th time."""
    with anyio.fail_after(5):
        for name in names:
            child = bench.supervisor.child(name)
            while not (child.state == "running" and not child.ending and child.restarts >= starts - 1):
                await child.moved.wait()


@pytest.mark.parametrize(
    ("strategy", "follows", "expected"),
    [
        pytest.param("one_for_one", "", ["-store", "+store"], id="one_for_one"),
        pytest.param("rest_for_one", "", ["-store", "-user", "+store", "+user"], id="rest_for_one"),
        pytest.param("one_for_one", "'store',", ["-store", "-user", "+store", "+user"], id="follows"),
        pytest.param("one_for_all", "", ["-store", "-user", "-base", "+base", "+store", "+user"], id="one_for_all"),
    ],
)
async def test_after_a_failure_its_partners_end_in_reverse_and_start_in_order(
    tmp_path: Path, strategy: str, follows: str, expected: list[str]
) -> None:
    specs = {**CHAIN, "store": f"requires=('base',), strategy='{strategy}'"}
    tell(tmp_path, **{**specs, "user": f"requires=('store',), follows=({follows})"})
    async with supervising(tmp_path) as bench:
        await bench.running(*specs)
        box = bench.bus.subscribe("room", "told.*")
        order(bench, "store")
        await all_running(bench, *{name[1:] for name in expected})
        assert heard(box) == expected
        records = {record.name: record for record in bench.supervisor.records()}
        assert records["store"].window_restarts == 1
        assert [records[name].window_restarts for name in ("base", "user", "alone")] == [0, 0, 0]


async def test_a_restart_by_a_person_ends_dependents_before_the_kernel_itself(tmp_path: Path) -> None:
    tell(tmp_path, **{**CHAIN, "store": "requires=('base',), follows=('base',)", "user": CHAIN["user"]})
    async with supervising(tmp_path) as bench:
        await bench.running(*CHAIN)
        box = bench.bus.subscribe("room", "told.*")
        bench.supervisor.restart("base")
        await all_running(bench, "base", "store")
        assert heard(box) == ["-store", "-base", "+base", "+store"]
        assert bench.supervisor.child("user").restarts == 0


async def test_new_code_takes_followers_along_and_nobody_else(tmp_path: Path) -> None:
    tell(
        tmp_path,
        base="strategy='rest_for_one'",
        store="requires=('base',)",
        user="requires=('base',), follows=('base',)",
    )
    async with supervising(tmp_path) as bench:
        await bench.running("base", "store", "user")
        box = bench.bus.subscribe("room", "told.*")
        tell(tmp_path, base="strategy='rest_for_one', priority=1")
        bench.supervisor.files_changed(["kernels/base.py"])
        await all_running(bench, "base", "user")
        assert heard(box) == ["-user", "-base", "+base", "+user"]


async def test_a_quarantined_provider_leaves_its_followers_running(tmp_path: Path) -> None:
    tell(tmp_path, base="intensity=0", store="requires=('base',), follows=('base',)")
    async with supervising(tmp_path) as bench:
        await bench.running("base", "store")
        order(bench, "base")
        await until(bench, "base", "quarantined")
        assert bench.states()["store"] == "running"
        bench.supervisor.start("base")
        await all_running(bench, "base", "store")


async def test_a_started_condition_is_met_before_the_provider_is_ready(tmp_path: Path) -> None:
    write(
        tmp_path,
        "slow.py",
        """
        import asyncio
        from grace_tui.kernel import Kernel

        class Slow(Kernel):
            async def probe(self):
                async for _ in self.subscribe("slow.ready"):
                    return
        """,
    )
    tell(tmp_path, eager="requires=('slow',), conditions={'slow': 'started'}", patient="requires=('slow',)")
    async with supervising(tmp_path) as bench:
        await bench.running("eager")
        record = {record.name: record for record in bench.supervisor.records()}
        assert (record["slow"].state, record["patient"].waits_for) == ("starting", ("slow",))
        assert record["slow"].waited_by == ("patient",)
        assert sorted(record["slow"].needed_by) == ["eager", "patient"]
        bench.bus.publish("slow.ready", 1, source="room")
        await bench.running("patient")


async def test_a_completed_condition_waits_for_success_and_not_for_failure(tmp_path: Path) -> None:
    tell(
        tmp_path,
        job="restart='temporary'",
        user="requires=('job',), conditions={'job': 'completed'}",
    )
    async with supervising(tmp_path) as bench:
        await bench.running("job")
        order(bench, "job")
        await until(bench, "job", "failed")
        with anyio.fail_after(5):
            while bench.supervisor.child("user").waits_for != ("job",):
                await anyio.lowlevel.checkpoint()
        bench.supervisor.start("job")
        await bench.running("job")
        order(bench, "job", "finish")
        await bench.running("user")
        record = bench.supervisor.record("job")
        assert record.last_exit is not None
        assert (record.state, record.last_exit.ok, record.last_exit.reason) == ("completed", True, "finished")


async def test_a_circle_of_requirements_is_refused_by_name_and_mended_by_a_file(tmp_path: Path) -> None:
    calm(tmp_path, "hen", "requires=('egg',)")
    calm(tmp_path, "egg", "requires=('hen',)")
    async with supervising(tmp_path) as bench:
        told = {str((await bench.failed()).error) for _ in range(2)}
        assert told == {
            "kernels require one another in a circle: hen -> egg -> hen",
            "kernels require one another in a circle: egg -> hen -> egg",
        }
        assert bench.states() == {"hen": "failed", "egg": "failed"}
        calm(tmp_path, "egg")
        bench.supervisor.files_changed(["kernels/egg.py"])
        await bench.running("hen", "egg")


@pytest.mark.parametrize("field", ["follows=('base',)", "conditions={'base': 'started'}"])
async def test_a_spec_that_speaks_of_what_it_does_not_require_is_refused(tmp_path: Path, field: str) -> None:
    calm(tmp_path, "user", field)
    async with supervising(tmp_path) as bench:
        failure = await bench.failed()
        assert (failure.phase, "expected a kernel in its `requires`" in str(failure.error)) == ("load", True)


@pytest.mark.parametrize(
    ("restart", "what", "state"),
    [
        ("permanent", "crash", "running"),
        ("permanent", "finish", "running"),
        ("transient", "crash", "running"),
        ("transient", "finish", "completed"),
        ("temporary", "crash", "failed"),
        ("temporary", "finish", "completed"),
    ],
)
async def test_every_restart_type_ends_as_it_should(tmp_path: Path, restart: str, what: str, state: str) -> None:
    tell(tmp_path, it=f"restart='{restart}'")
    async with supervising(tmp_path) as bench:
        await bench.running("it")
        order(bench, "it", what)
        if state == "running":
            await all_running(bench, "it")
        else:
            await until(bench, "it", state)
        record = bench.supervisor.record("it")
        assert record.last_exit is not None
        assert record.last_exit.ok == (state == "completed")
        assert ("temporary kernel is not restarted" in record.detail) == (state == "failed")
        bench.supervisor.restart("it")
        await all_running(bench, "it", starts=2)


async def test_a_change_elsewhere_does_not_begin_a_failed_temporary_kernel_again(tmp_path: Path) -> None:
    tell(tmp_path, job="restart='temporary'", other="")
    async with supervising(tmp_path) as bench:
        await bench.running("job", "other")
        order(bench, "job")
        await until(bench, "job", "failed")
        assert bench.supervisor.files_changed(["kernels/other.py"]) == ["other"]
        assert bench.supervisor.files_changed(["kernels/job.py"]) == ["job"]
        await all_running(bench, "job")


async def test_a_kernels_own_intensity_decides_over_the_rooms(tmp_path: Path) -> None:
    tell(tmp_path, frail="intensity=1, period=5.0")
    async with supervising(tmp_path, policy=RestartPolicy(intensity=50, base=0.001)) as bench:
        moves = bench.bus.subscribe("room", KernelStateChanged.topic)
        await bench.running("frail")
        order(bench, "frail")
        await all_running(bench, "frail")
        record = bench.supervisor.record("frail")
        assert (record.intensity, record.period, record.window_restarts, record.budget) == (1, 5.0, 1, 0)
        order(bench, "frail")
        await until(bench, "frail", "quarantined")
        reasons = [message.payload for message in iter(moves.pop, None)]
        assert isinstance(reasons[-1], KernelStateChanged)
        assert reasons[-1].reason == "2 failures in 5 s"
