"""Asking a program how it is, with real servers: what counts as good, and what is said of what does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from grace_tui.runtime.hosts.command import Check, CommandSpec
from grace_tui.runtime.hosts.command.checks import Answer, ask, verify
from grace_tui.runtime.hosts.command.errors import CommandUnusable
from grace_tui.runtime.hosts.command.launch import plan
from tests.runtime.hosts.command.bench import is_alive


async def asked(check: Check, root: Path = Path("/")) -> Answer:
    made = plan(CommandSpec(("true",)), root, "web", "mark")
    return await ask(check, made, anyio.CapacityLimiter(2))


@asynccontextmanager
async def answering(reply: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that sends `reply` to whoever asks, and leaves it to them to close the connection."""
    heard, serving = list[bytes](), set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        try:
            heard.append(await reader.readline())
            writer.write(reply)
            await reader.read()
        except ConnectionError:  # that is how they close it
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        await asyncio.gather(*(task for task in serving if task is not None))


@pytest.mark.parametrize(
    ("status", "good"), [("200 OK", True), ("204 No Content", True), ("302 Found", True), ("404 Not Found", False)]
)
async def test_http_is_good_up_to_a_redirection(status: str, good: bool) -> None:
    async with answering(f"HTTP/1.1 {status}\r\n\r\n".encode()) as (port, heard):
        answer = await asked(Check("http", f"http://127.0.0.1:{port}/health?deep=1"))
        assert answer == Answer(good, f"GET http://127.0.0.1:{port}/health?deep=1: answered {status}")
        assert heard == [b"GET /health?deep=1 HTTP/1.1\r\n"]


async def test_what_is_no_http_is_quoted() -> None:
    async with answering(b"SSH-2.0-OpenSSH\r\n") as (port, _):
        answer = await asked(Check("http", f"http://127.0.0.1:{port}/"))
        assert not answer.good
        assert "no HTTP answer but 'SSH-2.0-OpenSSH'" in answer.text


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    async with answering(b"") as (port, _):
        answer = await asked(Check("http", f"http://127.0.0.1:{port}/", timeout=0.05))
        assert answer == Answer(False, f"GET http://127.0.0.1:{port}/: no answer within 0.05 s")


async def test_an_endless_first_line_is_refused() -> None:
    async with answering(b"x" * 1_000_000) as (port, _):
        assert not (await asked(Check("http", f"http://127.0.0.1:{port}/"))).good


async def test_tcp_is_good_when_somebody_listens() -> None:
    async with answering(b"") as (port, _):
        assert (await asked(Check("tcp", f"127.0.0.1:{port}"))).good
    answer = await asked(Check("tcp", f"127.0.0.1:{port}"))
    assert answer == Answer(False, f"connect to 127.0.0.1:{port}: nobody listens there")


@pytest.mark.parametrize(
    ("script", "good", "words"),
    [
        pytest.param("exit 0", True, "exit code 0", id="good"),
        pytest.param("echo one; echo two >&2; exit 3", False, "exit code 3, two", id="last-line"),
        pytest.param("kill -KILL $$", False, "killed by SIGKILL", id="killed"),
        pytest.param("yes", False, "no answer within 0.2 s", id="flood"),
    ],
)
async def test_exec_goes_by_the_exit_code(script: str, good: bool, words: str) -> None:
    answer = await asked(Check("exec", ("sh", "-c", script), timeout=0.2))
    assert answer.good is good
    assert answer.text.endswith(words)


async def test_an_exec_check_that_cannot_run_is_a_bad_answer() -> None:
    answer = await asked(Check("exec", ("no-such-check",)))
    assert not answer.good
    assert "no such program 'no-such-check'" in answer.text


async def test_an_exec_check_that_is_too_slow_is_ended_with_its_children(tmp_path: Path) -> None:
    script = "echo $$ >pid; sleep 60 & echo $! >>pid; wait"
    answer = await asked(Check("exec", ("sh", "-c", script), timeout=0.2), tmp_path)
    assert not answer.good
    for pid in (tmp_path / "pid").read_text().split():
        assert not is_alive(int(pid))


@pytest.mark.parametrize(
    "check",
    [
        Check("http", "ftp://host/"),
        Check("http", "http:///x"),
        Check("http", "http://host:port/"),
        Check("http", "http://host/ü"),
        Check("tcp", "host"),
        Check("tcp", "host:0"),
    ],
)
def test_a_check_that_could_never_be_asked_is_refused(check: Check) -> None:
    with pytest.raises(CommandUnusable):
        verify(check)
