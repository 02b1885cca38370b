"""Every command is answered; what cannot be done is refused in words, and every act is in the audit log."""

from pathlib import Path

from grace_tui.room.commands import COMMANDS
from tests.room.bench import calm, kernel_of, opened, write


async def test_a_kernel_is_stopped_started_and_restarted(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        assert (await bench.answer("kernel.stop", name="one"))["text"] == "one is stopping"
        await bench.until(lambda view: kernel_of(view, "one").state == "stopped")
        assert (await bench.answer("kernel.start", name="one"))["ok"]
        await bench.running("one")
        assert (await bench.answer("kernel.restart", name="one"))["text"] == "one is restarting"
        await bench.until(
            lambda view: kernel_of(view, "one").state == "running" and kernel_of(view, "one").restarts == 2
        )


async def test_a_kernel_is_paused_and_resumed(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        assert (await bench.answer("kernel.pause", name="one"))["text"] == "one paused"
        await bench.until(lambda view: kernel_of(view, "one").state == "paused")
        again = await bench.answer("kernel.pause", name="one")
        assert (again["ok"], again["text"]) == (False, "one is paused; only a running kernel can be paused")
        assert (await bench.answer("kernel.resume", name="one"))["ok"]
        await bench.running("one")


async def test_stopping_a_kernel_whose_file_is_gone_takes_it_out_for_good(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two")
    async with opened(tmp_path) as bench:
        await bench.running("one", "two")
        await bench.until(lambda view: (tmp_path / ".grace" / "kernels.json").is_file())
    (tmp_path / "kernels" / "two.py").unlink()
    async with opened(tmp_path) as bench:
        await bench.until(lambda view: kernel_of(view, "two").state == "failed")
        stopped = await bench.answer("kernel.stop", name="two")
        assert stopped["text"] == "two is stopping; its file is gone, so it is no longer expected when the room opens"
    async with opened(tmp_path) as bench:
        view = await bench.running("one")
        assert [kernel.name for kernel in view.kernels] == ["one"]


async def test_unknown_names_are_refused_with_the_nearest(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        refused = await bench.answer("kernel.stop", name="ome")
        assert (refused["ok"], refused["text"]) == (False, "there is no kernel 'ome'; did you mean one?")
        assert (await bench.answer("kernel.fly", name="one"))["text"] == "there is no command 'kernel.fly'"
        assert (await bench.answer("incident.show", id="INC-9"))["text"] == "there is no incident 'INC-9'"
        assert (await bench.answer("task.show", id="TASK-9"))["text"] == "there is no task 'TASK-9'"
        assert (await bench.answer("why"))["text"] == "say of which kernel, incident or task"


async def test_every_command_answers_any_arguments(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    odd: list[dict[str, object]] = [{}, {"name": 7, "id": None, "lines": "x"}, {"name": "one", "id": [], "lines": -1}]
    async with opened(tmp_path) as bench:
        await bench.running("one")
        for verb in COMMANDS:
            for arguments in odd:
                answer = await bench.answer(verb, **arguments)
                assert isinstance(answer["ok"], bool), verb
                assert isinstance(answer["text"], str), verb
                assert isinstance(answer["data"], dict), verb


async def test_acts_are_in_the_audit_log_with_who_and_what(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        for verb in ("kernel.restart", "kernel.show", "kernel.stop"):
            await bench.answer(verb, name="one")
        await bench.answer("kernel.stop", name="nobody")
        assert [(record["actor"], record["resource"]) for record in bench.audited("kernel.stop")] == [
            ("tester", "one"),
            ("tester", "nobody"),
        ]
        assert len(bench.audited("kernel.restart")) == 1
        assert bench.audited("kernel.show") == []


async def test_a_kernel_is_shown_with_its_log_and_who_needs_it(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    calm(tmp_path, "two", spec="requires=('one',)")
    async with opened(tmp_path) as bench:
        await bench.running("one", "two")
        bench.room.parts.kernel_log("one").info("here I am")
        shown = await bench.answer("kernel.show", name="one")
        assert "two" in shown["text"]
        assert "here I am" in shown["text"]
        assert shown["data"]["state"] == "running"
        assert "here I am" in (await bench.answer("kernel.logs", name="one"))["data"]["lines"][-1]
        assert "two" in (await bench.answer("kernel.show", name="one", more=True))["text"]


async def test_an_incident_is_shown_acknowledged_and_explained(tmp_path: Path) -> None:
    write(tmp_path, "lame.py", "raise RuntimeError('out of luck')")
    async with opened(tmp_path) as bench:
        found = await bench.incident("lame")
        shown = await bench.answer("incident.show", id=found.id)
        assert "out of luck" in shown["text"]
        assert shown["data"]["kernel"] == "lame"
        why = await bench.answer("why", incident=found.id)
        assert why["ok"]
        assert "no recorded decisions" in why["text"]
        assert (await bench.answer("incident.ack", id=found.id))["ok"]
        assert "taken by tester" in (await bench.answer("incident.show", id=found.id))["text"]


async def test_the_audit_log_is_verified_and_told(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        await bench.answer("kernel.restart", name="one")
        assert "kernel.restart one" in (await bench.answer("audit.tail", lines=5))["text"]
        verified = await bench.answer("audit.verify")
        assert verified["ok"]
        assert "whole" in verified["text"]
        segment = next((tmp_path / "logs/audit").glob("*.jsonl"))
        segment.write_bytes(segment.read_bytes().replace(b"kernel.restart", b"kernel.restyle"))
        assert not (await bench.answer("audit.verify"))["ok"]


CLARITY = """
    import asyncio
    from grace_tui.kernel import Kernel

    class Clarity(Kernel):
        async def explain(self, resource):
            raise {error}
"""


async def test_why_survives_whatever_the_explaining_kernel_raises(tmp_path: Path) -> None:
    for error in ("TypeError('odd')", "SystemExit(1)", "asyncio.CancelledError()"):
        write(tmp_path, "clarity_framework.py", CLARITY.format(error=error))
        async with opened(tmp_path) as bench:
            await bench.running("clarity_framework")
            answer = await bench.answer("why", kernel="clarity_framework")
            assert answer["ok"]
            assert "no recorded decisions: clarity_framework.explain" in answer["text"]
            await bench.running("clarity_framework")


async def test_leaving_tells_whom_to_wait_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert (await bench.answer("down"))["data"]["pid"] > 0
        assert len(bench.audited("down")) == 1


async def test_the_reason_of_an_act_is_in_the_audit_log(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        await bench.answer("kernel.pause", name="one", reason="a look at it")
        entries = (await bench.answer("audit.tail"))["data"]["entries"]
        assert entries[-1]["record"]["reason"] == "a look at it"


async def test_waiting_ends_when_the_kernel_is_there(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        assert (await bench.answer("kernel.wait", name="one", until="running", within=10))["ok"]
        await bench.answer("kernel.stop", name="one")
        assert (await bench.answer("kernel.wait", name="one", until="stopped", within=10))["ok"]
        await bench.answer("kernel.start", name="one")
        assert (await bench.answer("kernel.wait", name="one", until="running", within=10))["ok"]
        await bench.answer("kernel.restart", name="one")
        assert (await bench.answer("kernel.wait", name="one", until="running", within=10))["ok"]
        assert kernel_of(bench.room.view(), "one").restarts == 2


async def test_waiting_says_what_is_in_the_way(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    write(tmp_path, "broken.py", "import nothing_of_this_name\n")
    async with opened(tmp_path) as bench:
        await bench.until(lambda view: kernel_of(view, "broken").state == "failed")
        refused = await bench.answer("kernel.wait", name="broken", until="running", within=1)
        assert not refused["ok"]
        assert refused["text"].startswith("broken is failed: ModuleNotFoundError: No module named")


async def test_log_is_read_from_a_place_on(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        log = bench.room.parts.kernel_log("one")
        log.info("first", number=1)
        first = (await bench.answer("kernel.logs", name="one", lines=1, place=""))["data"]
        assert [line.split(maxsplit=1)[1] for line in first["lines"]] == ["info    first  number=1"]
        log.info("second")
        more = (await bench.answer("kernel.logs", name="one", place=first["place"], raw=True))["data"]
        assert '"message":"second"' in more["lines"][0]
        assert not more["missed"]
        refused = await bench.answer("kernel.logs", name="one", place="nowhere")
        assert "expected one that an earlier answer gave" in refused["text"]


async def test_decision_about_a_repair_that_does_not_wait_is_refused(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        for verb in ("task.approve", "task.reject"):
            refused = await bench.answer(verb, id="TASK-9")
            assert (refused["ok"], refused["text"]) == (False, "no patch of 'TASK-9' waits for a decision")
