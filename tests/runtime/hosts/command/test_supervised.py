"""Commands under the real supervisor: restarts in words, order, pauses, and one bad command beside good ones."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from grace_tui.kernel.records import KernelState
from grace_tui.runtime.hosts.command import Check, CommandSpec
from grace_tui.runtime.hosts.command.source import CommandSource
from grace_tui.runtime.supervisor import RestartPolicy
from tests.runtime.hosts.command.bench import PATIENCE, is_alive, shell
from tests.runtime.supervisor.bench import Bench, supervising

SLEEP = shell("exec sleep 60")


def sources(root: Path, **commands: CommandSpec) -> Mapping[str, CommandSource]:
    turns = anyio.CapacityLimiter(4)
    return {name: CommandSource(command, root, turns) for name, command in commands.items()}


async def reached(bench: Bench, name: str, state: KernelState) -> None:
    child = bench.supervisor.child(name)
    with anyio.fail_after(PATIENCE):
        while child.state != state:
            await child.moved.wait()


def pid_of(bench: Bench, name: str) -> int:
    bench.supervisor.second()
    vitals = bench.supervisor.child(name).vitals
    assert vitals is not None
    return vitals.pid


async def test_a_killed_program_is_started_again_and_its_last_exit_is_told(tmp_path: Path) -> None:
    async with supervising(tmp_path, sources=sources(tmp_path, web=SLEEP)) as bench:
        await bench.running("web")
        first = pid_of(bench, "web")
        os.kill(first, 9)
        assert str((await bench.failed()).error) == "killed by SIGKILL"
        await bench.running("web")
        second = pid_of(bench, "web")
        record = bench.supervisor.records()[0]
        assert second != first
        assert (record.isolation, record.restarts) == ("command", 1)
        assert record.last_exit is not None
        assert (record.last_exit.reason, record.last_exit.code) == ("killed by SIGKILL", -9)
    assert not is_alive(second)


@pytest.mark.parametrize("there", [True, False])
async def test_the_end_of_a_program_is_noticed_without_pidfd_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    def refused(pid: int, flags: int = 0) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    if there:  # Python has it, and the system refuses
        monkeypatch.setattr(os, "pidfd_open", refused)
    else:
        monkeypatch.delattr(os, "pidfd_open")
    async with supervising(tmp_path, sources=sources(tmp_path, web=SLEEP)) as bench:
        await bench.running("web")
        os.kill(pid_of(bench, "web"), 9)
        assert str((await bench.failed()).error) == "killed by SIGKILL"


async def test_a_permanent_program_that_ends_well_is_started_again_within_its_budget(tmp_path: Path) -> None:
    policy = RestartPolicy(intensity=2, base=0.01, cap=0.02)
    async with supervising(tmp_path, sources=sources(tmp_path, web=shell("exit 0")), policy=policy) as bench:
        await reached(bench, "web", "quarantined")
        record = bench.supervisor.records()[0]
        assert record.restarts == 2
        assert record.last_exit is not None
        assert (record.last_exit.reason, record.last_exit.code) == ("exit code 0", 0)


async def test_a_job_is_completed_and_who_waits_for_that_starts_then(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    overrides: dict[str, dict[str, Any]] = {
        "migrate": {"restart": "transient"},
        "web": {"requires": ("migrate",), "conditions": {"migrate": "completed"}},
    }
    found = sources(tmp_path, migrate=shell("read go <gate"), web=SLEEP)
    async with supervising(tmp_path, sources=found, overrides=overrides) as bench:
        await reached(bench, "migrate", "running")
        await reached(bench, "web", "starting")
        assert bench.supervisor.child("web").waits_for == ("migrate",)
        await anyio.to_thread.run_sync((tmp_path / "gate").write_text, "go\n")
        await bench.running("web")
        assert bench.states() == {"migrate": "completed", "web": "running"}


async def test_a_kernel_waits_until_the_program_it_requires_is_ready(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    base = shell("read go <gate; echo ready; exec sleep 60", ready=Check("log", "^ready$"))
    overrides = {"web": {"requires": ("base",)}}
    async with supervising(tmp_path, sources=sources(tmp_path, base=base, web=SLEEP), overrides=overrides) as bench:
        await reached(bench, "web", "starting")
        assert bench.states()["base"] == "starting"
        await anyio.to_thread.run_sync((tmp_path / "gate").write_text, "go\n")
        await bench.running("base", "web")


async def test_one_bad_command_never_keeps_the_others_down(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("not a line\n")
    found = sources(
        tmp_path,
        missing=CommandSpec(("no-such-program",)),
        folder=CommandSpec(("/tmp",)),
        nowhere=shell("exit", cwd="no-such-folder"),
        env=shell("exit", env_files=("env",)),
        pattern=shell("exit", ready=Check("log", "(")),
        crashing=shell("exit 1"),
        flooding=shell("exec yes"),
        good=SLEEP,
        also_good=SLEEP,
    )
    policy = RestartPolicy(intensity=1, base=0.01, cap=0.02)
    async with supervising(tmp_path, sources=found, policy=policy) as bench:
        await bench.running("good", "also_good", "flooding")
        for name in ("missing", "folder", "nowhere", "env", "pattern", "crashing"):
            await reached(bench, name, "quarantined")
        errors = {record.name: record.error for record in bench.supervisor.records()}
        assert "no such program 'no-such-program'" in errors["missing"]
        assert "is a folder, not a program" in errors["folder"]
        assert "no-such-folder" in errors["nowhere"]
        assert "env:1: expected NAME=value" in errors["env"]
        assert "is no regular expression" in errors["pattern"]
        assert errors["crashing"] == "CommandExited: exit code 1"
        await bench.running("good", "also_good", "flooding")


async def test_a_paused_program_is_not_asked_how_it_is(tmp_path: Path) -> None:
    alive = Check("exec", ("test", "-e", "good"), interval=0.02, failures=1)
    (tmp_path / "good").touch()
    async with supervising(tmp_path, sources=sources(tmp_path, web=shell("exec sleep 60", alive=alive))) as bench:
        await bench.running("web")
        bench.supervisor.pause("web")
        (tmp_path / "good").unlink()
        assert await bench.failures.receive(0.2) is None
        assert bench.states()["web"] == "paused"
        bench.supervisor.resume("web")
        assert "is not healthy" in str((await bench.failed()).error)


async def test_a_paused_program_that_is_killed_has_failed_at_once(tmp_path: Path) -> None:
    async with supervising(tmp_path, sources=sources(tmp_path, web=SLEEP)) as bench:
        await bench.running("web")
        first = pid_of(bench, "web")
        bench.supervisor.pause("web")
        os.kill(first, 9)
        assert str((await bench.failed()).error) == "killed by SIGKILL"
        await bench.running("web")


async def test_a_program_that_ended_just_before_its_pause_has_failed_at_once(tmp_path: Path) -> None:
    async with supervising(tmp_path, sources=sources(tmp_path, web=SLEEP)) as bench:
        await bench.running("web")
        kernel: Any = bench.supervisor.child("web").instance
        kernel.program.at_end = lambda: bench.supervisor.pause("web")
        os.kill(kernel.program.pid, 9)
        assert str((await bench.failed()).error) == "killed by SIGKILL"
        await bench.running("web")


async def test_a_program_that_cannot_be_stopped_gently_is_stopped_by_force(tmp_path: Path) -> None:
    stubborn = shell("trap '' TERM; while :; do sleep 60; done", stop_timeout=0.1)
    async with supervising(tmp_path, sources=sources(tmp_path, web=stubborn)) as bench:
        await bench.running("web")
        pid = pid_of(bench, "web")
        bench.supervisor.stop("web")
        await reached(bench, "web", "stopped")
    assert not is_alive(pid)
