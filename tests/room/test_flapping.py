"""In a real room: a kernel that crashes and restarts has one incident that is watched, and so have those it fails."""

from pathlib import Path

import msgspec

from tests.room.bench import QUICK, Bench, calm, incident_of, kernel_of, opened, told, write

STEADY = msgspec.structs.replace(
    QUICK, supervisor=msgspec.structs.replace(QUICK.supervisor, intensity=50, healthy_after=1.0)
)
PROVIDER = '''
    """Raises for whoever asks."""

    from grace_tui.kernel import Kernel

    class Database(Kernel):
        async def value(self):
            return self.page()

        def page(self):
            raise ValueError("torn page")
'''
CALLER = '''
    """Asks the database when it is told to."""

    from grace_tui.kernel import Kernel

    class Caller(Kernel):
        async def run(self):
            async for _ in self.subscribe("told.*"):
                await self.kernel("database").value()
'''


def _tell(bench: Bench) -> None:
    bench.room.parts.bus.publish("told.once", {}, source="tester")


async def test_a_kernel_that_crashes_again_and_again_is_not_resolved_in_between(tmp_path: Path) -> None:
    told(tmp_path, 'raise ValueError("out of luck")')
    async with opened(tmp_path, STEADY) as bench:
        await bench.running("told")
        for count in (1, 2, 3):
            _tell(bench)
            view = await bench.until(
                lambda view, count=count: any(  # type: ignore[misc]
                    (one.count, one.state) == (count, "watching") for one in view.incidents
                )
            )
            assert incident_of(view, "told").action == "running again; watched for 1 s"
        view = await bench.until(lambda view: incident_of(view, "told").state == "resolved")
        assert kernel_of(view, "told").state == "running"
        incident = bench.room.parts.book.all()[0]
        assert incident.action == "running again; it ran well for 1 s"
        assert [text for _, _, text in incident.timeline if text.startswith("resolved")] == [
            "resolved: running again; it ran well for 1 s"
        ]


async def test_a_provider_that_raises_for_its_callers_is_one_incident(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    write(tmp_path, "database.py", PROVIDER)
    for name in ("shop", "web", "till"):
        write(tmp_path, f"{name}.py", CALLER)
    async with opened(tmp_path, STEADY) as bench:
        await bench.running("database", "shop", "web", "till")
        _tell(bench)
        await bench.until(
            lambda view: (
                sum(len(one.hides or ()) for one in view.incidents) == 2
                and all(kernel_of(view, name).restarts for name in ("shop", "web", "till"))
            )
        )
        assert len(bench.room.parts.book.all()) == 1
