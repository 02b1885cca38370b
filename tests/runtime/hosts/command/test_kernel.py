"""A program as a kernel: its start, its readiness and health, its end in words, its pause, its stop."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from grace_tui.kernel import GraceError
from grace_tui.kernel.errors import NotReady, RemoteFailure
from grace_tui.kernel.testing import RealClock
from grace_tui.runtime.hosts.command import Check
from grace_tui.runtime.hosts.command.errors import CommandExited, CommandUnhealthy, CommandUnusable
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.meter import all_processes, meter
from tests.runtime.hosts.command.bench import gone, is_alive, made, serving, shell

FOREVER = "exec sleep 60"
TRACEBACK = 'Traceback (most recent call last):\\n  File "a.py", line 1, in f\\nValueError: bad\\n'
IGNORING = "trap '' TERM; echo up $$; while :; do sleep 60; done"


async def test_what_a_program_prints_is_its_log_and_its_work(tmp_path: Path) -> None:
    async with serving(tmp_path, shell(f"echo hello; echo oh >&2; {FOREVER}")) as served:
        await served.log.heard("stdout hello")
        await served.log.heard("stderr oh")
        assert served.kernel.summary() == ""
        assert served.bench.counts["web"] == 2


async def test_a_program_gets_a_session_of_its_own_and_no_input(tmp_path: Path) -> None:
    async with serving(tmp_path, shell(f"read line || echo no input; echo pid $$; {FOREVER}")) as served:
        await served.log.heard("no input")
        pid = await served.log.number("pid")
        assert (os.getsid(pid), os.getpgid(pid)) == (pid, pid)


async def test_a_stop_ends_the_whole_group_and_what_left_it(tmp_path: Path) -> None:
    script = f"sleep 60 & echo child $!; setsid sh -c 'echo stray $$; {FOREVER}' & {FOREVER}"
    async with serving(tmp_path, shell(script)) as served:
        child, stray = await served.log.number("child"), await served.log.number("stray")
        assert os.getpgid(stray) == stray
    await gone(child)
    await gone(stray)


async def test_a_daemon_that_lost_its_parent_is_found_by_its_mark(tmp_path: Path) -> None:
    script = f"(setsid sh -c 'echo daemon $$; {FOREVER}' &) ; {FOREVER}"
    async with serving(tmp_path, shell(script)) as served:
        daemon = await served.log.number("daemon")
    await gone(daemon)


async def test_a_program_that_ignores_its_signal_is_killed_at_its_deadline(tmp_path: Path) -> None:
    async with serving(tmp_path, shell(IGNORING, stop_timeout=0.1)) as served:
        pid = await served.log.number("up")
    assert not is_alive(pid)


async def test_the_stop_signal_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    script = "trap 'echo interrupted; exit 0' INT; echo up; while :; do sleep 0.05; done"
    async with serving(tmp_path, shell(script, stop_signal="SIGINT")) as served:
        await served.log.heard("up")
    assert "stdout interrupted" in served.log.lines


async def test_a_paused_program_stands_still_and_can_be_stopped(tmp_path: Path) -> None:
    async with serving(tmp_path, shell(f"echo up $$; {FOREVER}", stop_timeout=30.0)) as served:
        pid = await served.log.number("up")
        served.kernel.paused()
        await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
        assert all_processes()[pid].state == "T"
        served.kernel.resumed()
        await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WCONTINUED | os.WNOWAIT)
        served.kernel.paused()
        program = served.kernel.program
    assert program is not None
    assert program.code == -signal.SIGTERM, "it took its signal while it was paused, or was killed at its deadline"
    assert not is_alive(pid)


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        pytest.param("exit 3", 3, "exit code 3", id="exit-code"),
        pytest.param("kill -KILL $$", -9, "killed by SIGKILL", id="killed"),
        pytest.param("kill -SEGV $$", -11, "killed by SIGSEGV", id="segfault"),
        pytest.param("exit 0", 0, "exit code 0", id="permanent-and-success"),
    ],
)
async def test_an_end_is_told_in_words(tmp_path: Path, script: str, code: int, words: str) -> None:
    async with serving(tmp_path, shell(script)) as served:
        with pytest.raises(CommandExited, match=f"^{words}$") as caught:
            await served.ended()
        assert (caught.value.code, caught.value.kind) == (code, "CommandExited")


async def test_a_success_of_a_program_that_may_end_is_no_failure(tmp_path: Path) -> None:
    async with serving(tmp_path, shell("exit 7", success_codes=(0, 7)), restart="transient") as served:
        await served.ended()


async def test_a_traceback_before_a_failing_end_is_the_failure(tmp_path: Path) -> None:
    script = (
        "printf 'Traceback (most recent call last):\\n  File \"a.py\", line 1, in f\\nValueError: bad\\n' >&2; exit 1"
    )
    async with serving(tmp_path, shell(script)) as served:
        with pytest.raises(RemoteFailure, match="bad") as caught:
            await served.ended()
        assert caught.value.kind == "ValueError"
        assert caught.value.printed.startswith("Traceback")
        assert served.failures == []


async def test_a_traceback_that_does_not_end_the_program_is_told_as_well(tmp_path: Path) -> None:
    traceback = 'Traceback (most recent call last):\\n  File "a.py", line 1, in f\\nValueError: bad\\n'
    async with serving(tmp_path, shell(f"printf '{traceback}INFO: going on\\n' >&2; {FOREVER}")) as served:
        error, phase = await served.failure()
        assert isinstance(error, RemoteFailure)
        assert (error.kind, phase) == ("ValueError", "output")


async def test_a_program_that_goes_into_the_background_is_told_and_ended(tmp_path: Path) -> None:
    script = f"setsid sh -c 'echo daemon $$; {FOREVER}' & sleep 0.1; exit 0"
    async with serving(tmp_path, shell(script)) as served:
        daemon = await served.log.number("daemon")
        with pytest.raises(CommandExited, match="run it in the foreground"):
            await served.ended()
    await gone(daemon)


async def test_a_program_that_closes_its_output_runs_on(tmp_path: Path) -> None:
    async with serving(tmp_path, shell(f"echo up $$; exec >&- 2>&-; {FOREVER}")) as served:
        pid = await served.log.number("up")
        for output in served.kernel.program.outputs:  # type: ignore[union-attr]
            await output.drained()
        assert is_alive(pid)
        assert served.running is not None
        assert not served.running.done()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        pytest.param(("no-such-program",), r"no such program 'no-such-program' in PATH", id="not-in-path"),
        pytest.param(("./nothing",), "no such program: ", id="not-there"),
        pytest.param(("/tmp",), "is a folder, not a program", id="folder"),
        pytest.param(("./plain",), "is not executable", id="no-permission"),
        pytest.param(("./text",), "neither a binary of this machine nor a script", id="no-interpreter-named"),
        pytest.param(("./odd",), "interpreter in its first line does not exist: #!/no/such/shell", id="no-interpreter"),
        pytest.param((), "the command is empty", id="empty"),
    ],
)
async def test_what_cannot_be_started_says_why(tmp_path: Path, argv: tuple[str, ...], words: str) -> None:
    (tmp_path / "plain").write_text("echo")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "odd").write_text("#!/no/such/shell\n")
    for name in ("text", "odd"):
        (tmp_path / name).chmod(0o755)
    command = shell("")
    served = await made(tmp_path, type(command)(argv), RealClock(), {})
    with pytest.raises(CommandUnusable, match=words):
        await served.kernel.start()
    await served.kernel.stop()


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    served = await made(tmp_path, shell("", cwd="nowhere"), RealClock(), {})
    with pytest.raises(CommandUnusable, match=f"does not exist: {tmp_path}/nowhere"):
        await served.kernel.start()


async def test_readiness_waits_for_a_line(tmp_path: Path) -> None:
    ready = Check("log", r"listening on \d+")
    async with serving(
        tmp_path, shell(f"echo booting; sleep 0.1; echo listening on 80; {FOREVER}", ready=ready)
    ) as served:
        assert "stdout listening on 80" in served.log.lines


async def test_a_program_that_never_gets_ready_says_what_it_answered_last(tmp_path: Path) -> None:
    ready = Check("exec", ("sh", "-c", "echo not yet; exit 4"), interval=0.05)
    served = await made(tmp_path, shell(FOREVER, ready=ready), RealClock(), {"start_timeout": 0.4})
    try:
        await served.kernel.start()
        with pytest.raises(NotReady, match=r"within 0.4 s: `sh -c .*`: exit code 4, not yet"):
            await served.kernel.probe()
    finally:
        await served.stop()


async def test_readiness_asks_for_as_many_good_answers_as_it_was_told(tmp_path: Path) -> None:
    ready = Check("exec", ("sh", "-c", "echo x >>asked; test -e good"), interval=0.01, successes=3)
    (tmp_path / "good").touch()
    async with serving(tmp_path, shell(FOREVER, ready=ready)):
        assert (tmp_path / "asked").read_text().count("x") == 3


async def test_a_program_that_stops_answering_is_unhealthy(tmp_path: Path) -> None:
    alive = Check("exec", ("test", "-e", "good"), interval=0.02, failures=2)
    (tmp_path / "good").touch()
    async with serving(tmp_path, shell(FOREVER, alive=alive)) as served:
        (tmp_path / "good").unlink()
        with pytest.raises(
            CommandUnhealthy, match=r"web is not healthy: `test -e good`: exit code 1, 2 times in a row"
        ):
            await served.ended()


async def test_a_check_never_ends_the_program_it_asks_about(tmp_path: Path) -> None:
    alive = Check("exec", ("sh", "-c", "sleep 60 & setsid sleep 60 & echo asked >asked"), interval=0.01)
    os.mkfifo(tmp_path / "asked")
    async with serving(tmp_path, shell(f"echo up $$; {FOREVER}", alive=alive)) as served:
        pid = await served.log.number("up")
        for _ in range(3):
            assert await asyncio.to_thread((tmp_path / "asked").read_text) == "asked\n"
        assert is_alive(pid)


async def test_a_pattern_that_is_no_pattern_is_refused(tmp_path: Path) -> None:
    served = await made(tmp_path, shell(FOREVER, ready=Check("log", "(")), RealClock(), {})
    with pytest.raises(GraceError, match="is no regular expression"):
        await served.kernel.start()


async def test_limits_hold_from_the_first_instruction(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=512 * 2**20, cpu_seconds=5, open_files=64)
    script = f"echo $(ulimit -v) $(ulimit -S -t) $(ulimit -H -t) $(ulimit -n); {FOREVER}"
    async with serving(tmp_path, shell(script, limits=limits)) as served:
        assert await served.log.heard("stdout") == f"stdout {512 * 1024} 5 6 64"


async def test_a_program_over_its_processor_time_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path, shell("while :; do :; done", limits=Limits(cpu_seconds=1))) as served:
        with pytest.raises(CommandExited, match="used its 1 s of CPU time"):
            await served.ended()


async def test_the_program_is_measured(tmp_path: Path) -> None:
    async with serving(tmp_path, shell(f"sleep 60 & echo up; {FOREVER}")) as served:
        await served.log.heard("up")
        meter.look()
        vitals = served.kernel.vitals()
        assert vitals is not None
        assert vitals.processes == 2
        assert vitals.rss_bytes > 100_000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_a_program_can_run_as_somebody_else(tmp_path: Path) -> None:
    async with serving(tmp_path, shell(f"id -un; {FOREVER}", user="nobody", cwd="/")) as served:
        await served.log.heard("stdout nobody")


async def test_a_flood_of_output_leaves_the_kernel_in_command(tmp_path: Path) -> None:
    async with serving(tmp_path, shell("echo up $$; exec yes", stop_timeout=30.0)) as served:
        pid = await served.log.number("up")
        await served.log.heard("stdout y")
        program = served.kernel.program
    assert program is not None
    assert program.code == -signal.SIGTERM, "it was killed at its deadline"
    assert not is_alive(pid)


async def test_ten_megabytes_without_a_newline_cost_bounded_memory(tmp_path: Path) -> None:
    script = f"head -c 10000000 /dev/zero | tr '\\0' x; echo; echo done; {FOREVER}"
    async with serving(tmp_path, shell(script)) as served:
        await served.log.heard("stdout done")
        assert max(map(len, served.log.lines)) <= 64 * 1024 + 10


async def test_signals_reach_a_program_that_is_gone_without_harm(tmp_path: Path) -> None:
    async with serving(tmp_path, shell("exit 0"), restart="transient") as served:
        await served.ended()
        served.kernel.paused()
        served.kernel.resumed()
        assert served.kernel.program is not None
        served.kernel.program.signal(signal.SIGTERM)
