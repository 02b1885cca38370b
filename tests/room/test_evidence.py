"""Evidence in an open room: of kernels in tasks, processes and programs, on a disk that refuses, told to people."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.incidents.evidence import collecting
from grace_tui.room.last_well import LastWell
from grace_tui.settings import load_settings
from tests.room.bench import Bench, calm, has_incident, kernel_of, opened, write

ORDERS = '''
    """Sums up an order, and fails at the line without a price."""

    from grace_tui.kernel import Kernel, KernelSpec

    class Orders(Kernel):
        spec = KernelSpec(isolation="{isolation}", restart="temporary")

        async def start(self):
            self.tax = 0.19
            self.log.info("about to sum up")
            self.sum_up({{"tea": 1}}, token="hunter2")

        def sum_up(self, prices, token):
            return prices["coffee"] * (1 + self.tax)
'''


async def bundle(bench: Bench, kernel: str) -> Path:
    """The folder of a kernel's evidence, once it is written."""
    view = await bench.until(lambda view: any(found.kernel == kernel and found.bundle for found in view.incidents))
    found = next(found for found in view.incidents if found.kernel == kernel)
    return bench.room.parts.workspace.root / found.bundle


def loaded(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize("isolation", ["task", "process"])
async def test_a_kernel_leaves_its_variables_and_its_provider_wherever_it_runs(tmp_path: Path, isolation: str) -> None:
    write(tmp_path, "orders.py", ORDERS.format(isolation=isolation))
    async with opened(tmp_path) as bench:
        folder = await bundle(bench, "orders")
        told = await bench.answer("incident.show", id=bench.room.parts.book.all()[-1].id)
    inner, outer = loaded(folder / "locals.json")[:2]
    assert (inner["file"], inner["function"]) == ("kernels/orders.py", "Orders.sum_up")
    assert inner["values"]["prices"] == "{'tea': 1}"
    assert inner["values"]["token"] == "[redacted]"
    assert inner["values"]["self"].startswith("Orders(context=<KernelContext>, ")
    assert "tax=0.19" in inner["values"]["self"]
    assert outer["function"] == "Orders.start"
    provider = loaded(folder / "provider.json")
    assert (provider["name"], provider["file"], provider["signature"]) == (
        "Orders.sum_up", "kernels/orders.py", "(self, prices, token)",
    )  # fmt: skip
    assert "about to sum up" in (folder / "kernel.log").read_text()
    assert loaded(folder / "beats.json")["name"] == "orders"
    assert loaded(folder / "bus.json")["published"] > 0
    assert loaded(folder / "resources.json")["room"]["uptime_seconds"] >= 0
    for shown in (
        "Orders.sum_up(self, prices, token) at kernels/orders.py:13",
        "prices = {'tea': 1}",
        '>    14          return prices["coffee"] * (1 + self.tax)',
        "about to sum up",
        f"grace-tui incident evidence {folder.name} FILE prints one",
    ):
        assert shown in told["text"]
    assert "hunter2" not in "".join(path.read_text() for path in folder.iterdir())


async def test_a_program_leaves_its_place_and_says_why_there_are_no_variables(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    source = "def go(x):\n    raise ValueError('no')\n\ngo(1)\n"
    (tmp_path / "web.py").write_text(source)
    (tmp_path / "grace.toml").write_text(f'[kernels.web]\ncommand = ["{sys.executable}", "web.py"]\n')
    async with opened(tmp_path, load_settings(tmp_path / "grace.toml")) as bench:
        folder = await bundle(bench, "web")
    provider = loaded(folder / "provider.json")
    assert (provider["name"], provider["file"], provider["signature"]) == ("go", "web.py", "(x)")
    parts = {part["name"]: part for part in loaded(folder / "index.json")["parts"]}
    assert parts["locals.json"]["missing"] == "they were in another process, which told its failure without them"
    assert ">     2      raise ValueError('no')" in (folder / "traceback.txt").read_text()


async def test_what_changed_since_a_kernel_was_well_is_told_also_by_the_next_room(tmp_path: Path) -> None:
    calm(tmp_path, "quiet")
    async with opened(tmp_path) as bench:
        await bench.running("quiet")
        snapshot = await bench.room.parts.snapshots.take("all is well")
        bench.room.evidence.look()
    path = tmp_path / "kernels/quiet.py"
    path.write_text(path.read_text() + "\nraise RuntimeError('edited at night')\n")
    async with opened(tmp_path) as bench:
        await bench.room.parts.snapshots.take("too late")
        folder = await bundle(bench, "quiet")
    text = (folder / "changes.diff").read_text()
    assert text.startswith(f"# against snapshot {snapshot.id} of ")
    assert "# quiet was last seen running at " in text
    assert "+raise RuntimeError('edited at night')" in text


async def test_a_kernel_that_never_ran_is_compared_with_the_oldest_snapshot(tmp_path: Path) -> None:
    write(tmp_path, "orders.py", ORDERS.format(isolation="task"))
    async with opened(tmp_path) as bench:
        with pytest.raises(Exception, match="there is no snapshot yet to compare with"):
            bench.room.evidence.sources().changes("orders")
        snapshot = await bench.room.parts.snapshots.take("first")
        text = bench.room.evidence.sources().changes("orders")
    assert text.startswith(f"# against snapshot {snapshot.id} of ")
    assert text.endswith("# orders was never seen running here, so this is the oldest snapshot\nnothing has changed\n")


async def test_a_folder_that_refuses_loses_evidence_only_is_told_once_and_recovers_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "TRY_SECONDS", 0.0)
    write(tmp_path, "orders.py", ORDERS.format(isolation="task"))
    folder = tmp_path / "logs/incidents"
    folder.parent.mkdir()
    folder.write_text("a file where a folder should be")
    refused = f"{folder} cannot be written: "
    async with opened(tmp_path) as bench:
        view = await bench.until(lambda view: has_incident(view, "orders") and any(refused in w for w in view.warnings))
        (incident,) = bench.room.parts.book.all()
        assert (incident.kind, incident.bundle, kernel_of(view, "orders").state) == ("KeyError", "", "failed")
        assert next(what for _, who, what in incident.timeline if who == "evidence").startswith(
            f"no evidence kept: {refused}"
        )
        told = await bench.answer("incident.show", id=incident.id)
        assert f"no evidence kept: {refused}" in told["text"]
        bench.room.evidence.look()
        folder.unlink()
        await bench.until(lambda view: not any(refused in warning for warning in view.warnings))
        bench.room.parts.book.move(incident.id, "resolved", "over", "tester")
        await bench.answer("kernel.restart", name="orders")
        assert (await bundle(bench, "orders")).is_dir()
    log = (tmp_path / "logs/room.jsonl").read_text()
    assert log.count(f"the evidence of incidents is lost: {refused}") == 1
    assert log.count("the evidence of incidents is kept again") == 1


async def test_the_room_sweeps_what_a_killed_one_left_half_written(tmp_path: Path) -> None:
    calm(tmp_path, "quiet")
    half = tmp_path / "logs/incidents/.I-1.part"
    half.mkdir(parents=True)
    async with opened(tmp_path) as bench:
        await bench.running("quiet")
    assert not half.exists()


# ---- when a kernel was last well


def test_when_a_kernel_was_last_well_outlives_the_room(tmp_path: Path) -> None:
    path = tmp_path / "last_well.json"
    first = LastWell(path)
    assert first.at("a") is None
    first.note(["a", "b"], 10.0)
    first.note(["b"], 11.0)
    first.save()
    again = LastWell(path)
    assert (again.at("a"), again.at("b")) == (10.0, 11.0)
    again.save()
    path.write_text("[not what was written")
    assert LastWell(path).at("a") is None
