"""In a real room: dependents of a failed provider open nothing, and the incidents of kernels that are gone end."""

from pathlib import Path

import pytest

from grace_tui.faces.views import KernelView, RoomView
from grace_tui.runtime.supervisor import supervisor
from grace_tui.settings import Settings, load_settings
from tests.room.bench import QUICK, Bench, calm, has_incident, incident_of, kernel_of, opened, write

DATABASE = '''
    """Cannot start while its file says so."""

    from grace_tui.kernel import Kernel

    class Database(Kernel):
        def broken(self):
            if (self.context.workspace.root / "broken").exists():
                raise ConnectionError("the disk is gone")

        async def start(self):
            self.broken()

        async def run(self):
            async for _ in self.subscribe("ask.database"):
                self.broken()

        async def get(self):
            return 1
'''
ASKING = '''
    """Asks another kernel when it is told to."""

    from grace_tui.kernel import Kernel, KernelSpec

    class Asking(Kernel):
        spec = KernelSpec(requires=("{provider}",))

        async def run(self):
            async for _ in self.subscribe("ask.{name}"):
                await self.get()

        async def get(self):
            return await self.kernel("{provider}").get()
'''
EAGER = '''
    """Asks without waiting for whom it asks."""

    from grace_tui.kernel import Kernel

    class Eager(Kernel):
        async def start(self):
            await self.kernel("database").get()
'''
BUGGY = ASKING.replace('return await self.kernel("{provider}").get()', 'return {{}}["no such tray"]')


def _write_all(root: Path) -> None:
    write(root, "database.py", DATABASE)
    write(root, "shop.py", ASKING.format(name="shop", provider="database"))
    write(root, "web.py", ASKING.format(name="web", provider="shop"))
    write(root, "till.py", BUGGY.format(name="till", provider="database"))


def _ask(bench: Bench, name: str) -> None:
    bench.room.parts.bus.publish(f"ask.{name}", {}, source="tester")


async def _break(bench: Bench, root: Path) -> RoomView:
    await bench.running("database", "shop", "web", "till")
    (root / "broken").touch()
    _ask(bench, "database")
    return await bench.until(lambda view: kernel_of(view, "database").state == "quarantined")


async def test_dependents_of_a_failed_provider_say_what_hides_them_and_are_free_when_it_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HANDLE_WAIT", 0.05)  # what web waits for shop, which waits for database
    _write_all(tmp_path)
    async with opened(tmp_path) as bench:
        book = bench.room.parts.book
        await _break(bench, tmp_path)
        for name in ("shop", "web", "till"):
            _ask(bench, name)
            await bench.until(lambda view, name=name: kernel_of(view, name).state != "running")  # type: ignore[misc]
        view = await bench.until(lambda view: has_incident(view, "till") and book.hidden_by("web"))
        assert {found.kernel for found in view.incidents} == {"database", "till"}
        cause = book.get(book.hidden_by("shop"))
        assert cause is not None
        assert (cause.kernel, book.hidden_by("web"), book.hidden_by("till")) == ("database", cause.id, "")
        assert {found.kernel for found in cause.hides} == {"shop", "web"}
        (tmp_path / "broken").unlink()
        await bench.answer("kernel.start", name="database")
        await bench.running("database", "shop", "web", "till")
        await bench.until(lambda view: not book.hidden_by("web") and not book.hidden_by("shop"))
        over = book.get(cause.id)
        assert over is not None
        assert (over.state, over.action) == ("watching", "running again; watched for 30 s")


async def test_what_a_cause_brought_into_quarantine_is_tried_again_when_that_is_over(tmp_path: Path) -> None:
    write(tmp_path, "database.py", DATABASE)
    async with opened(tmp_path) as bench:
        await bench.running("database")
        (tmp_path / "broken").touch()
        _ask(bench, "database")
        await bench.until(lambda view: kernel_of(view, "database").state == "quarantined")
        write(tmp_path, "eager.py", EAGER)
        bench.room.supervisor.files_changed(["kernels/eager.py"])
        view = await bench.until(lambda view: any(found.state == "quarantined" for found in _kernels(view, "eager")))
        assert not has_incident(view, "eager")
        cause = bench.room.parts.book.hidden_by("eager")
        assert cause
        (tmp_path / "broken").unlink()
        await bench.answer("kernel.start", name="database")
        await bench.running("database", "eager")
        (started,) = [found for found in bench.audited("kernel.start") if found["actor"] == "room"]
        assert (started["resource"], cause in str(started["reason"])) == ("eager", True)


def _kernels(view: RoomView, name: str) -> list[KernelView]:
    return [kernel for kernel in view.kernels if kernel.name == name]


async def test_the_incident_of_a_kernel_whose_file_is_gone_ends_when_it_is_stopped(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        bench.room.parts.book.report("one", "LogSilence", "nothing for an hour", "tester")
        (tmp_path / "kernels/one.py").unlink()
        await bench.answer("kernel.stop", name="one")
        view = await bench.until(lambda view: any(found.state == "resolved" for found in view.incidents))
        assert incident_of(view, "one").action == "one was stopped, and its file is gone"
        (act,) = bench.audited("incident.resolve")
        assert act["resource"] == incident_of(view, "one").id


async def test_the_incidents_of_kernels_that_were_taken_out_while_the_room_was_closed_end_when_it_opens(
    tmp_path: Path,
) -> None:
    write(tmp_path, "lame.py", "raise RuntimeError('out of luck')")
    async with opened(tmp_path) as bench:
        await bench.incident("lame")
    (tmp_path / "kernels/lame.py").unlink()
    (tmp_path / ".grace/kernels.json").unlink(missing_ok=True)
    async with opened(tmp_path) as bench:
        found = incident_of(await bench.until(lambda view: True), "lame")
        assert (found.state, found.action) == ("resolved", "lame is not a kernel of this room any more")


async def test_the_incident_of_a_program_that_grace_toml_no_longer_names_ends(tmp_path: Path) -> None:
    toml = tmp_path / "grace.toml"
    toml.write_text('[kernels.program]\ncommand = ["false"]\n', encoding="utf-8")
    settings = Settings(supervisor=QUICK.supervisor, kernels=load_settings(toml).kernels)
    async with opened(tmp_path, settings) as bench:
        await bench.until(lambda view: kernel_of(view, "program").state == "quarantined")
        await bench.until(lambda view: has_incident(view, "program"))
        toml.write_text("[room]\n", encoding="utf-8")
        await bench.room.rereading.look()
        view = await bench.until(lambda view: incident_of(view, "program").state == "resolved")
        assert incident_of(view, "program").action == "program is not in grace.toml any more"
