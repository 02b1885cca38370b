"""grace.toml is edited while the room is open: the new starts, what is down is helped, what runs is only told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from grace_tui.faces.views import RoomView
from grace_tui.settings import load_settings
from tests.room.bench import Bench, calm, kernel_of, opened

WEB = '[kernels.web]\ncommand = ["sleep", "100"]\n'


def save(root: Path, text: str) -> None:
    (root / "grace.toml").write_text(f"[supervisor]\nbackoff_base = 0.01\nintensity = 1\n{text}")


@asynccontextmanager
async def room_with(root: Path, text: str) -> AsyncIterator[Bench]:
    calm(root, "one")
    save(root, text)
    async with opened(root, load_settings(root / "grace.toml")) as bench:
        await bench.running("one")
        yield bench


async def up(bench: Bench, *names: str) -> RoomView:
    """The first view in which these run, some of which may not be in it yet."""
    return await bench.until(
        lambda view: set(names) <= {kernel.name for kernel in view.kernels if kernel.state == "running"}
    )


async def test_new_command_starts_by_itself(tmp_path: Path) -> None:
    async with room_with(tmp_path, "") as bench:
        save(tmp_path, WEB)
        await bench.room.rereading.look()
        view = kernel_of(await up(bench, "web"), "web")
        assert (view.isolation, view.path) == ("command", "grace.toml")
        assert "web" not in bench.room.known.names


async def test_saved_file_is_noticed(tmp_path: Path) -> None:
    async with room_with(tmp_path, "") as bench:
        save(tmp_path, WEB)
        await bench.until(lambda view: any(kernel.name == "web" for kernel in view.kernels))


async def test_running_command_is_told_and_takes_the_change_at_its_restart(tmp_path: Path) -> None:
    async with room_with(tmp_path, WEB) as bench:
        before = kernel_of(await up(bench, "web"), "web")
        save(tmp_path, WEB.replace("100", "200"))
        await bench.room.rereading.look()
        told = kernel_of(bench.room.view(), "web")
        assert (told.state, told.version) == ("running", before.version)
        assert told.detail == "grace.toml changed; `kernel restart web` takes it"
        assert (await bench.answer("kernel.restart", name="web"))["ok"]
        await bench.until(lambda view: kernel_of(view, "web").restarts == 1)
        after = kernel_of(await up(bench, "web"), "web")
        assert after.version != before.version
        assert after.doc == "sleep 200"
        assert after.detail == ""


async def test_change_that_was_taken_back_is_told_no_more(tmp_path: Path) -> None:
    async with room_with(tmp_path, WEB) as bench:
        await up(bench, "web")
        save(tmp_path, WEB.replace("100", "200"))
        await bench.room.rereading.look()
        save(tmp_path, WEB)
        await bench.room.rereading.look()
        assert kernel_of(bench.room.view(), "web").detail == ""


async def test_command_that_is_down_takes_the_change_at_once(tmp_path: Path) -> None:
    async with room_with(tmp_path, '[kernels.web]\ncommand = "no-such-program-at-all"\n') as bench:
        await bench.until(lambda view: kernel_of(view, "web").state in ("quarantined", "failed", "backing_off"))
        save(tmp_path, WEB)
        await bench.room.rereading.look()
        await up(bench, "web")


async def test_file_that_cannot_be_used_changes_nothing_and_is_told(tmp_path: Path) -> None:
    async with room_with(tmp_path, WEB) as bench:
        before = kernel_of(await up(bench, "web"), "web")
        save(tmp_path, WEB + "replica = 2\n")
        await bench.room.rereading.look()
        assert bench.room.banner.startswith(
            "grace.toml:6: kernels.web.replica is not a setting; did you mean replicas?"
        )
        refused = await bench.answer("kernel.restart", name="web")
        assert (refused["ok"], "did you mean replicas?" in refused["text"]) == (False, True)
        assert kernel_of(bench.room.view(), "web").version == before.version
        save(tmp_path, WEB)
        await bench.room.rereading.look()
        assert bench.room.banner == ""


async def test_command_that_left_the_file_runs_until_it_is_stopped(tmp_path: Path) -> None:
    async with room_with(tmp_path, WEB) as bench:
        await up(bench, "web")
        save(tmp_path, "")
        await bench.room.rereading.look()
        told = kernel_of(bench.room.view(), "web")
        assert (told.state, told.detail) == ("running", "not in grace.toml any more; it runs until it is stopped")
        refused = await bench.answer("kernel.restart", name="web")
        assert refused["text"] == "web is not in grace.toml any more; it can only be stopped"
        assert (await bench.answer("kernel.stop", name="web"))["ok"]
        await bench.until(lambda view: kernel_of(view, "web").state == "stopped")


async def test_group_is_driven_and_grows_by_its_name(tmp_path: Path) -> None:
    async with room_with(tmp_path, f"{WEB}replicas = 2\n") as bench:
        await up(bench, "web-1", "web-2")
        save(tmp_path, f"{WEB}replicas = 3\n")
        await bench.room.rereading.look()
        await up(bench, "web-3")
        stopped = await bench.answer("kernel.stop", name="web")
        assert stopped["text"] == "web-1 is stopping\nweb-2 is stopping\nweb-3 is stopping"
        assert (await bench.answer("kernel.wait", name="web", until="stopped", within=10))["ok"]


async def test_policy_of_a_file_kernel_is_taken_at_its_restart(tmp_path: Path) -> None:
    async with room_with(tmp_path, "") as bench:
        save(tmp_path, "[kernels.one]\ncritical = true\nport = 7\n")
        assert (await bench.answer("kernel.restart", name="one"))["ok"]
        await bench.until(lambda view: kernel_of(view, "one").critical)
        assert bench.room.supervisor.child("one").settings == {"port": 7}


async def test_other_tables_wait_for_the_next_opening(tmp_path: Path) -> None:
    async with room_with(tmp_path, "") as bench:
        save(tmp_path, '[room]\nname = "lab"\n')
        await bench.room.rereading.look()
        assert bench.room.banner == "grace.toml changed; what is not of a kernel waits for the next opening of the room"
        assert bench.room.view().workspace != "lab"
