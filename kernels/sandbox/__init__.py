"""Runs code and commands shut in: an own folder, limits, no network and no files of others where the system allows.

Owns `.grace/sandbox/`, empty between runs. Called by whoever wants to try something out. Never claims more isolation
than was seen to work when the kernel started, and never leaves a process behind.
"""

import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import anyio
import anyio.to_thread
from anyio.abc import ByteReceiveStream, Process

from grace_tui.kernel import GraceError, Kernel, KernelSpec, NotReady, ProviderDown
from kernels.sandbox.confinement import INSPECT, PROCESSES, Confinement, candidates, python

OUTPUT_LIMIT = 1 << 20
LONGEST_TIMEOUT = 300.0
MEMORY_MB = 512
FILE_BYTES = 64 << 20
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class RunResult:
    exit_code: int
    """As a shell tells it: 128 and the signal's number for a program that a signal ended."""
    stdout: str
    stderr: str
    seconds: float
    limits: Mapping[str, int]
    isolation: tuple[str, ...]
    """What was shut and what was open, in words."""
    timed_out: bool = False
    truncated: bool = False
    """Output beyond a mebibyte was thrown away."""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.timed_out


class Sandbox(Kernel):
    spec = KernelSpec(after=("immutable_log",), priority=12)

    async def start(self) -> None:
        self.runs = int(self.saved_state.get("runs", 0))
        self.places = anyio.CapacityLimiter(AT_ONCE)
        self.folder = await anyio.to_thread.run_sync(self._clean_folder)
        self.confinement = await self._find_confinement()

    async def probe(self) -> None:
        result = await self._run(python("-c", "print(6 * 7)"), 10.0, MEMORY_MB, {}, b"")
        if result.stdout.strip() != "42":
            raise NotReady(f"6 * 7 in the sandbox gave {result.exit_code} {result.stdout!r} {result.stderr[-200:]!r}")

    def save_state(self) -> Mapping[str, object]:
        return {"runs": self.runs}

    def summary(self) -> str:
        return f"{self.runs} runs, {', '.join(self.confinement.words[:2])}"

    # ---- services

    async def run_code(
        self,
        code: str,
        *,
        timeout: float = 10.0,
        memory_mb: int = MEMORY_MB,
        files: Mapping[str, str] | None = None,
        stdin: str = "",
        by: str = "operator",
    ) -> RunResult:
        """Run Python code beside `files` (relative path -> text) and return what came of it.

        It has the standard library and nothing else.
        """
        if not code.strip():
            raise GraceError("there is no code to run")
        placed = {**(files or {}), "main.py": code}
        result = await self._run(python("main.py"), timeout, memory_mb, placed, stdin.encode())
        await self._write_down(by, f"code {hashlib.sha256(code.encode()).hexdigest()[:12]}", result)
        return result

    async def run_command(
        self,
        command: Sequence[str],
        *,
        timeout: float = 10.0,
        memory_mb: int = MEMORY_MB,
        files: Mapping[str, str] | None = None,
        stdin: str = "",
        by: str = "operator",
    ) -> RunResult:
        """Run a program with its arguments beside `files` (relative path -> text); no shell is between."""
        if isinstance(command, str) or not command or not all(isinstance(part, str) and part for part in command):
            raise GraceError(f"the command is {command!r}; expected a list of a program and its arguments")
        result = await self._run(list(command), timeout, memory_mb, files or {}, stdin.encode())
        await self._write_down(by, f"command {command[0]}", result)
        return result

    async def isolation(self) -> tuple[str, ...]:
        """What is shut and what is open to a program in here, as it was seen when the kernel started."""
        return self.confinement.words

    # ---- helpers

    async def _find_confinement(self) -> Confinement:
        """Take the strongest way that starts a program at all, and note what the program saw from the inside."""
        inspect = [*python("-c", INSPECT), str(self.context.workspace.root), str(PROCESSES)]
        problems = []
        for self.confinement in candidates():
            result = await self._run(inspect, 10.0, MEMORY_MB, {}, b"")
            if result.ok:
                return self.confinement.seen(result.stdout)
            problems.append(result.stderr.strip()[-200:])
        raise NotReady(f"no program can be started here: {'; '.join(problems)}")

    async def _run(
        self, program: Sequence[str], timeout: float, memory_mb: int, files: Mapping[str, str], stdin: bytes
    ) -> RunResult:
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise GraceError(f"timeout is {timeout:g}; expected more than 0 and at most {LONGEST_TIMEOUT:g} s")
        if memory_mb < 64:
            raise GraceError(f"memory_mb is {memory_mb}; expected 64 or more")
        limits = {
            "cpu_seconds": int(timeout) + 1,
            "memory_bytes": memory_mb << 20,
            "file_bytes": FILE_BYTES,
        }
        async with self.places:
            folder = await anyio.to_thread.run_sync(partial(_prepared, self.folder, files))
            try:
                return await self._run_in(folder, program, timeout, limits, stdin)
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(_remove, folder)

    async def _run_in(
        self, folder: Path, program: Sequence[str], timeout: float, limits: dict[str, int], stdin: bytes
    ) -> RunResult:
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "TMPDIR": str(folder),
        }
        began = self.context.clock.monotonic()
        process = await anyio.open_process(
            self.confinement.command(program, str(folder), limits),
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        outputs = {"stdout": b"", "stderr": b""}
        try:
            with anyio.move_on_after(timeout) as deadline:
                await _converse(process, stdin, outputs)
        finally:
            await _end(process)
        code = process.returncode or 0
        return RunResult(
            exit_code=code if code >= 0 else 128 - code,
            stdout=outputs["stdout"][:OUTPUT_LIMIT].decode("utf-8", "replace"),
            stderr=outputs["stderr"][:OUTPUT_LIMIT].decode("utf-8", "replace"),
            seconds=self.context.clock.monotonic() - began,
            limits={**limits, "processes": PROCESSES} if self.confinement.process_limit else limits,
            isolation=self.confinement.words,
            timed_out=deadline.cancelled_caught,
            truncated=any(len(output) > OUTPUT_LIMIT for output in outputs.values()),
        )

    def _clean_folder(self) -> Path:
        """A kill may have left a run's folder behind; nothing in here is worth keeping."""
        folder = self.context.workspace.state / "sandbox"
        folder.mkdir(mode=0o700, exist_ok=True)
        for leftover in folder.iterdir():
            _remove(leftover)
        return folder

    async def _write_down(self, by: str, what: str, result: RunResult) -> None:
        self.runs += 1
        self.count()
        payload = {"seconds": round(result.seconds, 3), "isolation": list(result.isolation)}
        outcome = "timed out" if result.timed_out else f"exit {result.exit_code}"
        try:
            await self.kernel("immutable_log").append(by, "sandbox.run", what, payload=payload, result=outcome)
        except ProviderDown:
            record = {"actor": by, "action": "sandbox.run", "resource": what, "payload": payload, "result": outcome}
            self.context.audit.append(record)


async def _converse(process: Process, stdin: bytes, outputs: dict[str, bytes]) -> None:
    """Feed the program and take what it says until it ends; `outputs` holds what was said so far."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_collect, process.stdout, "stdout", outputs)
        tasks.start_soon(_collect, process.stderr, "stderr", outputs)
        try:
            await process.stdin.send(stdin)
            await process.stdin.aclose()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # The program ended, or closed its input, before it had read everything: its own business.
        await process.wait()
        # What it left running would keep the pipes open.
        _kill_group(process)


async def _collect(stream: ByteReceiveStream, name: str, outputs: dict[str, bytes]) -> None:
    async for data in stream:
        if len(outputs[name]) <= OUTPUT_LIMIT:
            outputs[name] += data


async def _end(process: Process) -> None:
    with anyio.CancelScope(shield=True):
        _kill_group(process)
        await process.aclose()


def _kill_group(process: Process) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _prepared(parent: Path, files: Mapping[str, str]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    for name, text in files.items():
        relative = PurePosixPath(name)
        if not name or relative.is_absolute() or ".." in relative.parts:
            _remove(folder)
            raise GraceError(f"a file for the sandbox is named {name!r}; expected a relative path without '..'")
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def _remove(folder: Path) -> None:
    """Remove a folder even where a program took its own rights on it away."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o700)
    shutil.rmtree(folder)
