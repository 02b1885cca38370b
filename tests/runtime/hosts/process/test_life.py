"""A kernel in a process does what it does in a task: ports, handles, mail, logs, counts, state, reloads, pauses."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from grace_tui.kernel import Denied, GraceError, ProviderDown, Tick
from grace_tui.runtime.hosts.process.source import TaskOnly
from grace_tui.runtime.supervisor.failures import KernelReturned
from tests.runtime.hosts.process.bench import Wishes, supervising, write

CALM = '''
    """Answers."""

    from grace_tui.kernel import Kernel, KernelSpec

    class Calm(Kernel):
        spec = KernelSpec({spec})

        async def ping(self, *said, **named):
            return said, named
'''


def calm(root: Path, spec: str = "") -> Path:
    return write(root, "calm.py", CALM.format(spec=spec))


async def test_a_process_kernel_says_what_it_is(tmp_path: Path) -> None:
    calm(tmp_path, 'priority=7, restart="transient"')
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        record = bench.record("calm")
        assert (record.isolation, record.doc, record.priority, record.restart) == (
            "process",
            "Answers.",
            7,
            "transient",
        )
        assert len(record.version) == 8
        assert bench.supervisor.child("calm").code.files == {"kernels/calm.py"}  # type: ignore[union-attr]


async def test_services_are_called_with_what_can_travel(tmp_path: Path) -> None:
    calm(tmp_path)
    async with supervising(tmp_path) as bench:
        await bench.running("calm")
        assert await bench.call("calm", "ping", {1: (2, {3})}, at=Tick(1.0)) == (({1: (2, {3})},), {"at": Tick(1.0)})
        with pytest.raises(GraceError, match=r"^calm\.ping\(\)\[0\]\[1\]: a generator cannot leave the process"):
            await bench.call("calm", "ping", ["a", (x for x in "")])


async def test_what_a_service_may_not_return_is_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        "odd.py",
        """
        from grace_tui.kernel import Kernel

        class Odd(Kernel):
            async def give(self):
                return {"items": [1, 2, 3, (x for x in "")]}
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("odd")
        with pytest.raises(GraceError, match=r"^result\['items'\]\[3\]: a generator cannot leave the process"):
            await bench.call("odd", "give")


async def test_a_wrong_call_says_the_same_as_in_a_task(tmp_path: Path) -> None:
    write(
        tmp_path,
        "strict.py",
        """
        from grace_tui.kernel import Kernel

        class Strict(Kernel):
            async def give(self, one): ...
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("strict")
        with pytest.raises(TypeError, match=r"^Strict\.give\(\) got an unexpected keyword argument 'two'$"):
            await bench.call("strict", "give", 1, two=2)
        with pytest.raises(AttributeError, match="'Strict' object has no attribute 'gave'"):
            await bench.call("strict", "gave")


@pytest.mark.parametrize("asker", ["process", "task"])
@pytest.mark.parametrize("provider", ["process", "task"])
async def test_handles_reach_from_any_host_into_any(tmp_path: Path, asker: str, provider: str) -> None:
    calm(tmp_path)
    write(
        tmp_path,
        "asker.py",
        """
        from grace_tui.kernel import Kernel, KernelSpec

        class Asker(Kernel):
            spec = KernelSpec(requires=("calm",))

            async def start(self):
                self.got = await self.kernel("calm").ping(1, two=2)

            async def tell(self):
                return self.got
        """,
    )
    wishes = Wishes(isolation={"asker": (asker, ""), "calm": (provider, "")})  # type: ignore[dict-item]
    async with supervising(tmp_path, wishes) as bench:
        await bench.running("asker")
        assert await bench.call("asker", "tell") == ((1,), {"two": 2})


async def test_a_provider_that_is_down_is_told_as_such(tmp_path: Path) -> None:
    write(
        tmp_path,
        "asker.py",
        """
        from grace_tui.kernel import Kernel, ProviderDown

        class Asker(Kernel):
            async def ask(self):
                try:
                    await self.kernel("absent").ping()
                except ProviderDown as down:
                    return down.provider
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("asker")
        assert await bench.call("asker", "ask") == "absent"
        bench.supervisor.stop("asker")
        await bench.until(lambda: bench.record("asker").state == "stopped")
        with pytest.raises(ProviderDown):
            await bench.call("asker", "ask")


async def test_what_fails_as_it_is_given_up_is_in_the_log_of_who_gave_it_up(tmp_path: Path) -> None:
    write(
        tmp_path,
        "slow.py",
        """
        import asyncio

        from grace_tui.kernel import Kernel

        class Slow(Kernel):
            async def start(self):
                self.busy = asyncio.Event()

            async def begun(self):
                await self.busy.wait()

            async def work(self):
                self.busy.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    raise ValueError("the lock is gone")
        """,
    )
    write(
        tmp_path,
        "asker.py",
        """
        import asyncio

        from grace_tui.kernel import Kernel, KernelSpec

        class Asker(Kernel):
            spec = KernelSpec(requires=("slow",))

            async def ask(self):
                slow = self.kernel("slow")
                call = asyncio.ensure_future(slow.work())
                await slow.begun()
                call.cancel()
                await asyncio.wait({call})
                return call.cancelled()
        """,
    )
    async with supervising(tmp_path, Wishes(isolation={"slow": ("task", "")})) as bench:
        await bench.running("asker")
        assert await bench.call("asker", "ask")
        await bench.until(lambda: any("was given up" in line for line in bench.log("asker")))
        said = next(line for line in bench.log("asker") if "was given up" in line)
        assert "slow.work() was given up, and failed at that: ValueError: the lock is gone" in said


PORTS = """
    import asyncio

    from grace_tui.kernel import Kernel

    class Ports(Kernel):
        async def start(self):
            entry = self.context.audit.append({"actor": "ports"})
            in_thread = await asyncio.to_thread(self.context.audit.tail, 1)
            assert in_thread == [entry], in_thread
            assert self.context.audit.count == 1
            assert (await self.context.room.command("kernel.stop", "x", by="ports")).ok
            assert self.context.workspace.state.is_dir()
            self.log.warning("odd", thing=object)
            self.count(3)

        async def ask(self, port, name):
            return getattr(getattr(self.context, port), name)

        def summary(self):
            return "3 things"
"""


async def test_every_port_answers(tmp_path: Path) -> None:
    write(tmp_path, "ports.py", PORTS)
    async with supervising(tmp_path) as bench:
        await bench.running("ports")
        assert [entry.record for entry in bench.audit.entries] == [{"actor": "ports"}]
        await bench.until(lambda: bench.supervisor.child("ports").count == 3)
        await bench.until(
            lambda: any("odd" in line and "thing=<class 'object'>" in line for line in bench.log("ports"))
        )
        await bench.until(lambda: bench.instance("ports").summary() == "3 things")


async def test_a_port_offers_nothing_but_its_protocol(tmp_path: Path) -> None:
    write(tmp_path, "ports.py", PORTS)
    async with supervising(tmp_path) as bench:
        await bench.running("ports")
        with pytest.raises(AttributeError, match="entries"):
            await bench.call("ports", "ask", "audit", "entries")


MAIL = """
    import asyncio
    import os

    from grace_tui.kernel import Kernel

    class Mail(Kernel):
        async def start(self):
            self.seen = []
            self.go = asyncio.Event()

        async def run(self):
            async for message in self.subscribe("mail.*", capacity=1000):
                if message.payload == "wait":
                    await self.go.wait()
                if message.payload == "die":
                    os.kill(os.getpid(), 9)
                self.context.bus.publish("seen", message.payload, source=self.name)
"""


async def test_a_message_is_acknowledged_by_the_mailboxes_that_took_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        "teller.py",
        """
        from grace_tui.kernel import Kernel

        class Teller(Kernel):
            async def tell(self, topic):
                return self.context.bus.publish(topic, {"a": 1}, source=self.name)
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("teller")
        box = bench.bus.subscribe("tester", "told.*")
        assert await bench.call("teller", "tell", "told.it") == 1
        assert await bench.call("teller", "tell", "elsewhere") == 0
        message = box.pop()
        assert message is not None
        assert (message.payload, message.source) == ({"a": 1}, "teller")
        bench.bus.set_rules({"told.*": ["somebody"]})
        with pytest.raises(Denied, match=r"teller may not publish on told\.it"):
            await bench.call("teller", "tell", "told.it")


async def test_no_acknowledged_message_is_lost_or_comes_twice_when_the_process_dies(tmp_path: Path) -> None:
    write(tmp_path, "mail.py", MAIL)
    async with supervising(tmp_path) as bench:
        await bench.running("mail")
        seen = bench.bus.subscribe("tester", "seen", capacity=10_000)
        sent: list[object] = []
        for round_ in range(3):
            for number in range(100):
                payload = "die" if number == 50 else (round_, number)
                assert bench.bus.publish("mail.x", payload, source="tester") == 1
                sent.append(payload)
            await bench.failed()
            await bench.running("mail")
            bench.supervisor.child("mail").crashes.clear()
        expected = [payload for payload in sent if payload != "die"]
        await bench.until(lambda: seen.size == len(expected))
        assert [message.payload for message in iter(seen.pop, None)] == expected


async def test_a_full_mailbox_keeps_to_its_policy(tmp_path: Path) -> None:
    write(tmp_path, "mail.py", MAIL.replace("capacity=1000", 'capacity=10, overflow="drop_newest"'))
    async with supervising(tmp_path) as bench:
        await bench.running("mail")
        bench.bus.publish("mail.x", "wait", source="tester")
        await bench.until(lambda: bench.bus.statistics().depths["mail"] == 0)
        for number in range(100):
            bench.bus.publish("mail.x", number, source="tester")
            await asyncio.sleep(0)
        assert bench.bus.statistics().depths["mail"] == 10
        assert 60 < bench.bus.statistics().dropped <= 90


async def test_a_flood_of_words_slows_the_process_and_not_the_room(tmp_path: Path) -> None:
    write(
        tmp_path,
        "loud.py",
        """
        import asyncio
        import sys

        from grace_tui.kernel import Kernel

        class Loud(Kernel):
            async def run(self):
                while True:
                    self.log.info("x" * 100)
                    print("y" * 100)
                    sys.stderr.write("z" * 100)
                    self.beat()
                    await asyncio.sleep(0)
        """,
    )
    calm(tmp_path)
    async with supervising(tmp_path) as bench:
        await bench.running("loud", "calm")
        loop, late = asyncio.get_running_loop(), []
        for _ in range(100):
            due = loop.time() + 0.005
            await asyncio.sleep(0.005)
            late.append(loop.time() - due)
        assert sorted(late)[90] < 0.05
        assert await asyncio.wait_for(bench.call("calm", "ping"), 1.0) == ((), {})
        lines = bench.log("loud")
        assert any("x" * 100 in line for line in lines) or any("y" * 100 in line for line in lines)


async def test_what_a_kernel_prints_is_in_its_log(tmp_path: Path) -> None:
    write(
        tmp_path,
        "printer.py",
        """
        import os

        from grace_tui.kernel import Kernel

        print("while loading")

        class Printer(Kernel):
            async def start(self):
                print("in start")
                os.write(2, b"past Python")
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("printer")
        bench.supervisor.stop("printer")
        await bench.until(lambda: bench.record("printer").state == "stopped")
        printed = [line.partition(" ")[2].strip() for line in bench.log("printer")]
        assert [line for line in printed if line.startswith("std")] == [
            "stdout  while loading",
            "stdout  in start",
            "stderr  past Python",
        ]


COUNTING = """
    from grace_tui.kernel import Kernel

    class Counting(Kernel):
        async def start(self):
            self.total = self.saved_state.get("total", 0)

        async def add(self):
            self.total += 1
            return self.total

        async def keep(self):
            self.context.keep_state({"total": self.total})

        def save_state(self):
            return {"total": self.total}
"""


async def test_state_goes_over_a_restart_and_a_stop(tmp_path: Path) -> None:
    write(tmp_path, "counting.py", COUNTING)
    async with supervising(tmp_path) as bench:
        await bench.running("counting")
        for _ in range(3):
            await bench.call("counting", "add")
        bench.supervisor.restart("counting")
        await bench.running("counting")
        assert await bench.call("counting", "add") == 4
    async with supervising(tmp_path) as bench:
        await bench.running("counting")
        assert await bench.call("counting", "add") == 5


async def test_state_is_kept_when_the_supervisor_saves_and_when_the_kernel_says(tmp_path: Path) -> None:
    write(tmp_path, "counting.py", COUNTING)
    path = tmp_path / ".grace" / "state" / "counting.json"
    async with supervising(tmp_path) as bench:
        await bench.running("counting")
        await bench.call("counting", "add")
        bench.supervisor.save_states()
        await bench.until(lambda: path.exists() and json.loads(path.read_text()) == {"total": 1})
        await bench.call("counting", "add")
        await bench.call("counting", "keep")
        await bench.until(lambda: json.loads(path.read_text()) == {"total": 2})


async def test_a_saved_file_is_taken_with_the_state_while_the_old_one_serves(tmp_path: Path) -> None:
    path = write(tmp_path, "counting.py", COUNTING)
    async with supervising(tmp_path) as bench:
        await bench.running("counting")
        await bench.call("counting", "add")
        first = bench.pid("counting")
        path.write_text(path.read_text().replace("+= 1", "+= 10"))
        bench.supervisor.files_changed(["kernels/counting.py"])
        await bench.until(lambda: bench.record("counting").restarts == 1)
        await bench.running("counting")
        assert bench.pid("counting") != first
        assert await bench.call("counting", "add") == 11


async def test_a_file_that_does_not_load_leaves_the_old_process_serving(tmp_path: Path) -> None:
    path = write(tmp_path, "counting.py", COUNTING)
    async with supervising(tmp_path) as bench:
        await bench.running("counting")
        first = bench.pid("counting")
        path.write_text("from os import no_such_thing\n")
        bench.supervisor.files_changed(["kernels/counting.py"])
        failed = await bench.failed()
        assert (failed.phase, type(failed.error)) == ("load", ImportError)
        assert await bench.call("counting", "add") == 1
        assert bench.pid("counting") == first


async def test_a_crash_does_not_bring_in_a_file_that_does_not_load(tmp_path: Path) -> None:
    path = write(tmp_path, "counting.py", COUNTING)
    async with supervising(tmp_path) as bench:
        await bench.running("counting")
        path.write_text("from os import no_such_thing\n")
        bench.supervisor.files_changed(["kernels/counting.py"])
        assert (await bench.failed()).phase == "load"
        os.kill(bench.pid("counting"), signal.SIGKILL)
        assert (await bench.failed()).phase == "run"
        await bench.running("counting")
        assert await bench.call("counting", "add") == 1


async def test_a_load_error_has_its_place(tmp_path: Path) -> None:
    write(tmp_path, "broken.py", "import json\n\nvalue = json.nothing\n")
    async with supervising(tmp_path) as bench:
        failed = await bench.failed()
    remote = vars(failed.error)["remote_failure"]
    assert (failed.phase, type(failed.error)) == ("load", AttributeError)
    assert 'kernels/broken.py", line 3, in <module>' in remote.printed
    assert remote.described["frames"][-1]["source"] == "value = json.nothing"
    assert remote.described["missing"][:2] == ("json", "nothing")


async def test_the_settings_reach_over_the_spec(tmp_path: Path) -> None:
    write(
        tmp_path,
        "spoken.py",
        """
        from grace_tui.kernel import Kernel

        class Spoken(Kernel):
            async def tell(self):
                return self.spec.heartbeat_timeout, dict(self.settings)
        """,
    )
    wishes = Wishes(overrides={"spoken": {"heartbeat_timeout": 7.0}}, settings={"spoken": {"depth": 3}})
    async with supervising(tmp_path, wishes) as bench:
        await bench.running("spoken")
        assert await bench.call("spoken", "tell") == (7.0, {"depth": 3})


async def test_a_run_that_returns_is_judged_as_in_a_task(tmp_path: Path) -> None:
    for name, restart in (("lasting", "permanent"), ("passing", "transient")):
        write(
            tmp_path,
            f"{name}.py",
            f"""
            from grace_tui.kernel import Kernel, KernelSpec

            class {name.title()}(Kernel):
                spec = KernelSpec(restart="{restart}")

                async def run(self):
                    return None
            """,
        )
    async with supervising(tmp_path) as bench:
        failed = await bench.failed()
        assert (failed.kernel, type(failed.error)) == ("lasting", KernelReturned)
        await bench.until(lambda: bench.record("passing").state == "completed")


async def test_a_paused_kernel_stands_still_and_goes_on(tmp_path: Path) -> None:
    write(
        tmp_path,
        "clicking.py",
        """
        import asyncio

        from grace_tui.kernel import Kernel

        class Clicking(Kernel):
            async def run(self):
                while True:
                    self.context.bus.publish("click", 1, source=self.name)
                    await asyncio.sleep(0.001)

            def paused(self):
                self.log.info("was paused")

            def resumed(self):
                self.log.info("goes on")
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("clicking")
        clicks = bench.bus.subscribe("tester", "click", capacity=100_000)
        bench.supervisor.pause("clicking")
        await bench.until(lambda: any("was paused" in line for line in bench.log("clicking")))
        while clicks.pop():
            pass
        await asyncio.sleep(0.05)
        assert clicks.size == 0
        bench.supervisor.resume("clicking")
        await bench.until(lambda: clicks.size > 5)
        assert any("goes on" in line for line in bench.log("clicking"))


async def test_what_a_kernel_began_is_finished_before_it_stops(tmp_path: Path) -> None:
    write(
        tmp_path,
        "finishing.py",
        """
        from grace_tui.kernel import Kernel

        class Finishing(Kernel):
            async def drain(self):
                self.log.info("drained")

            async def stop(self):
                self.log.info("stopped")
        """,
    )
    async with supervising(tmp_path) as bench:
        await bench.running("finishing")
        bench.supervisor.stop("finishing")
        await bench.until(lambda: bench.record("finishing").state == "stopped")
        assert [line.split()[-1] for line in bench.log("finishing")] == ["drained", "stopped"]


async def test_the_file_itself_may_ask_for_a_process(tmp_path: Path) -> None:
    calm(tmp_path, 'isolation="process"')
    write(
        tmp_path,
        "sly.py",
        """
        from grace_tui.kernel import Kernel, KernelSpec

        WHERE = "pro" + "cess"

        class Sly(Kernel):
            spec = KernelSpec(isolation=WHERE)
        """,
    )
    wishes = Wishes(isolation={"calm": (None, ""), "sly": (None, "")})
    async with supervising(tmp_path, wishes) as bench:
        await bench.running("calm", "sly")
        assert {record.isolation for record in bench.supervisor.records()} == {"process"}


async def test_a_kernel_that_was_moved_says_why(tmp_path: Path) -> None:
    calm(tmp_path)
    wishes = Wishes(isolation={"calm": (None, "")})
    async with supervising(tmp_path, wishes) as bench:
        await bench.running("calm")
        assert bench.record("calm").isolation == "task"
        wishes.isolation["calm"] = ("process", "held the loop twice")
        bench.supervisor.restart("calm")
        await bench.until(lambda: bench.record("calm").restarts == 1)
        await bench.running("calm")
        assert (bench.record("calm").isolation, bench.record("calm").moved) == ("process", "held the loop twice")


async def test_a_kernel_for_tasks_only_refuses_a_process_with_its_reason(tmp_path: Path) -> None:
    calm(tmp_path, 'task_only="it holds the window"')
    async with supervising(tmp_path) as bench:
        failed = await bench.failed()
    assert isinstance(failed.error, TaskOnly)
    assert str(failed.error) == "calm cannot run in a process of its own: it holds the window"
