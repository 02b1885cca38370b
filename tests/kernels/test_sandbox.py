import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import anyio
import psutil
import pytest

from grace_tui.kernel import GraceError, NotReady
from grace_tui.kernel.testing import Bench, running
from kernels.sandbox import Sandbox
from kernels.sandbox import confinement as ways
from kernels.sandbox.confinement import Confinement

pytestmark = pytest.mark.anyio


class Familiar(Sandbox):
    """Looks at the machine once for all tests, and skips the probe: both have tests of their own."""

    known: ClassVar[list[Confinement]] = []

    async def _find_confinement(self) -> Confinement:
        if not self.known:
            self.known.append(await super()._find_confinement())
        return self.known[0]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(workspace=tmp_path) as bench:
        await bench.start(Familiar, probe=False)
        yield bench


async def test_the_probe_runs_a_program_and_leaves_no_trace(tmp_path: Path) -> None:
    async with running(Sandbox, workspace=tmp_path) as bench:
        assert bench.get(Sandbox).summary().startswith("0 runs, ")
        assert bench.audit.entries == []
        assert os.listdir(tmp_path / ".grace" / "sandbox") == []


async def test_code_runs_with_its_input_and_its_files(bench: Bench) -> None:
    code = "import sys; print(open('data/a.txt').read() + sys.stdin.read())"
    result = await bench.get(Sandbox).run_code(code, files={"data/a.txt": "from a file, "}, stdin="from stdin")
    assert (result.ok, result.stdout, result.stderr) == (True, "from a file, from stdin\n", "")


async def test_a_command_runs_without_a_shell(bench: Bench) -> None:
    result = await bench.get(Sandbox).run_command(["echo", "$HOME; ls"])
    assert result.stdout == "$HOME; ls\n"


async def test_an_error_is_told_with_its_exit_code_and_traceback(bench: Bench) -> None:
    result = await bench.get(Sandbox).run_code("1/0")
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr


async def test_a_program_that_cannot_be_found_is_named(bench: Bench) -> None:
    result = await bench.get(Sandbox).run_command(["no-such-program"])
    assert result.exit_code == 125
    assert "could not start no-such-program" in result.stderr


async def test_a_signal_is_told_as_a_shell_tells_it(bench: Bench) -> None:
    result = await bench.get(Sandbox).run_code("import os; os.kill(os.getpid(), 15)")
    assert result.exit_code == 128 + 15


async def test_a_run_that_takes_too_long_is_ended_and_keeps_what_it_said(bench: Bench) -> None:
    result = await bench.get(Sandbox).run_code("print('so far', flush=True)\nwhile True: pass", timeout=0.2)
    assert (result.timed_out, result.ok, result.stdout) == (True, False, "so far\n")
    assert result.seconds < 2.0


async def test_nothing_is_left_running(bench: Bench) -> None:
    mark = f"{time.time_ns()}"
    code = f"import os, time\nif os.fork() == 0:\n    '{mark}'; time.sleep(60)\nprint('parent')"
    result = await bench.get(Sandbox).run_command([*ways.python("-c", code)])
    assert result.stdout == "parent\n"
    assert left_running(mark) == []


async def test_a_cancelled_run_leaves_no_process_and_no_folder(bench: Bench, tmp_path: Path) -> None:
    mark = f"{time.time_ns()}"
    with anyio.move_on_after(0.1):
        await bench.get(Sandbox).run_command(ways.python("-c", f"'{mark}'; import time; time.sleep(60)"))
    assert left_running(mark) == []
    assert list((tmp_path / ".grace" / "sandbox").iterdir()) == []


async def test_output_without_end_is_cut(bench: Bench) -> None:
    result = await bench.get(Sandbox).run_code("print('x' * 3_000_000)")
    assert (len(result.stdout), result.truncated, result.ok) == (1 << 20, True, True)


async def test_memory_and_file_size_are_limited(bench: Bench) -> None:
    sandbox = bench.get(Sandbox)
    assert "MemoryError" in (await sandbox.run_code("bytearray(200 << 20)", memory_mb=128)).stderr
    assert "File too large" in (await sandbox.run_code("open('f', 'wb').truncate(65 << 20)")).stderr


async def test_an_input_that_nobody_reads_is_no_error(bench: Bench) -> None:
    assert (await bench.get(Sandbox).run_code("pass", stdin="x" * 1_000_000)).ok


async def test_the_environment_is_not_handed_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "hunter2-hunter2")
    result = await bench.get(Sandbox).run_command(["env"])
    assert "hunter2" not in result.stdout
    assert "HOME=" in result.stdout


async def test_what_is_said_to_be_shut_is_shut(bench: Bench, tmp_path: Path) -> None:
    sandbox = bench.get(Sandbox)
    (tmp_path / "precious.txt").write_text("mine")
    spoil = f"open({str(tmp_path / 'precious.txt')!r}, 'w').write('spoiled')"
    connect = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    if sandbox.confinement.own_files:
        assert "PermissionError" in (await sandbox.run_code(spoil)).stderr
        assert (tmp_path / "precious.txt").read_text() == "mine"
    if sandbox.confinement.no_network:
        assert "unreachable" in (await sandbox.run_code(connect)).stderr
    told = (await sandbox.run_code("pass")).isolation
    assert ("own files" in told, "no network" in told) == (
        sandbox.confinement.own_files,
        sandbox.confinement.no_network,
    )


async def test_where_nothing_can_be_shut_it_runs_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.sandbox.candidates", lambda: [Confinement("/bin/false", True), Confinement()])
    async with running(Sandbox, workspace=tmp_path) as bench:
        sandbox = bench.get(Sandbox)
        assert (await sandbox.run_code("print('ran')")).stdout == "ran\n"
        assert sandbox.confinement.words[1:3] == ("files open", "own process group")
        assert "files open" in sandbox.summary()


async def test_a_run_is_written_down_and_counted_over_a_restart(bench: Bench) -> None:
    await bench.get(Sandbox).run_code("pass", by="ann")
    record = bench.audit.entries[-1].record
    assert (record["actor"], record["action"], record["result"]) == ("ann", "sandbox.run", "exit 0")
    state = bench.get(Sandbox).save_state()
    await bench.stop(Familiar)
    again = await bench.start(Familiar, saved_state=state, probe=False)
    assert again.summary().startswith("1 runs")


async def test_a_folder_that_a_killed_run_left_is_removed_at_start(tmp_path: Path) -> None:
    left = tmp_path / ".grace" / "sandbox" / "run-left" / "deep"
    left.mkdir(parents=True)
    left.chmod(0)
    async with running(workspace=tmp_path) as bench:
        await bench.start(Familiar, probe=False)
        assert os.listdir(tmp_path / ".grace" / "sandbox") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"code": " "}, "no code"),
        ({"code": "pass", "timeout": 0}, "timeout is 0"),
        ({"code": "pass", "timeout": 301}, "timeout is 301"),
        ({"code": "pass", "memory_mb": 1}, "memory_mb is 1"),
        ({"code": "pass", "files": {"../x": ""}}, r"named '\.\./x'"),
        ({"code": "pass", "files": {"/etc/x": ""}}, "named '/etc/x'"),
    ],
)
async def test_bad_input_is_refused(bench: Bench, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(GraceError, match=message):
        await bench.get(Sandbox).run_code(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("command", ["ls -la", [], [""]])
async def test_a_command_that_is_no_list_is_refused(bench: Bench, command: list[str]) -> None:
    with pytest.raises(GraceError, match="expected a list of a program"):
        await bench.get(Sandbox).run_command(command)


@pytest.mark.in_task("changes an attribute of the instance")
async def test_the_probe_fails_when_programs_do_not_run(bench: Bench) -> None:
    sandbox = bench.get(Sandbox)
    sandbox.confinement = Confinement("/bin/true")
    with pytest.raises(NotReady, match="6 \\* 7 in the sandbox gave"):
        await sandbox.probe()


def left_running(mark: str) -> list[psutil.Process]:
    """Processes with `mark` in their command line that do not end by themselves."""
    found = [process for process in psutil.process_iter() if mark in " ".join(cmdline(process))]
    return psutil.wait_procs(found, timeout=2)[1]


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
