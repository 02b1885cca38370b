"""The values that conditions judge by, on a real room: each has the name and kind that playbooks are checked with."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grace_tui.healing.playbooks.namespace import NAMES
from tests.room.bench import Bench, calm, opened, write

OF_THE_ENGINE = {"attempts", "run"}
OWN_PROCESS = {"kernel.cpu_percent", "kernel.rss_mb"}
"""Known of a kernel with a process of its own only."""


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def values(bench: Bench, kernel: str, facts: dict[str, object] | None = None) -> dict[str, Any]:
    bench.room.judging.measure()
    bench.room.judging.measure()
    incident = bench.room.parts.book.report(kernel, "QueueGrowth", "a test", "tester", facts=facts or {})
    return dict(leaves(bench.room.judging.values(incident)))


async def test_every_name_of_a_condition_has_a_value_of_its_kind(tmp_path: Path) -> None:
    calm(tmp_path, "one", "coding_agent", "self_healing")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        found = values(bench, "one", {"value": 3.0, "threshold": 2.0, "unit": "messages"})
    samples = {path: sample for path, sample in leaves(NAMES) if path.split(".")[0] not in OF_THE_ENGINE}
    assert set(found) == set(samples) - {"facts.*"} - OWN_PROCESS
    for path, value in found.items():
        sample = samples[path]
        if sample is not None and value is not None:
            kind = (int, float) if isinstance(sample, int | float) and not isinstance(sample, bool) else type(sample)
            assert isinstance(value, kind), path
    assert (found["kernel.state"], found["agent.name"], found["facts.value"]) == ("running", "coding_agent", 3.0)


async def test_what_uses_a_process_of_its_own_is_known(tmp_path: Path) -> None:
    write(
        tmp_path,
        "apart.py",
        '''
        """Runs apart."""

        from grace_tui.kernel import Kernel, KernelSpec

        class Apart(Kernel):
            spec = KernelSpec(isolation="process")
        ''',
    )
    async with opened(tmp_path) as bench:
        await bench.until(lambda view: view.kernels and view.kernels[0].vitals is not None)
        found = values(bench, "apart")
    assert found["kernel.rss_mb"] > 1
    assert found["kernel.isolation"] == "process"


async def test_an_incident_of_the_room_itself_has_no_kernel(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        found = values(bench, "room")
    assert not [path for path in found if path.startswith("kernel.")]
    assert found["agent.state"] == "absent"
    assert 0 < found["host.memory_percent"] < 100
    assert 0 < found["host.disk_percent"] <= 100
