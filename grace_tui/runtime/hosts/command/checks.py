"""Asking a program how it is: by HTTP, by TCP, or by running another command. Each answer is words for a person.

A log pattern is not asked but listened for; the kernel does that itself.
"""

import asyncio
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import IO
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from grace_tui.runtime.hosts.command.errors import CommandUnusable
from grace_tui.runtime.hosts.command.launch import Plan, check_plan, command_line, spawn
from grace_tui.runtime.hosts.command.program import Program, Turns, disown, taken_over
from grace_tui.runtime.hosts.command.spec import Check
from grace_tui.runtime.hosts.process.exits import Exit, words

LINE = 200
"""Characters that are kept of what an answer says."""


@dataclass(frozen=True, slots=True)
class Answer:
    good: bool
    text: str
    """What was asked and answered."""


async def ask(check: Check, plan: Plan, turns: Turns) -> Answer:
    """Ask once; never raises for what the program does, and never takes much longer than the check allows."""
    asked = describe(check)
    try:
        with anyio.fail_after(check.timeout):
            good, said = await _ask(check, plan, turns)
    except TimeoutError:
        return Answer(False, f"{asked}: no answer within {check.timeout:g} s")
    except (OSError, ValueError, CommandUnusable, asyncio.IncompleteReadError) as error:
        return Answer(False, f"{asked}: {_said(error)}")
    return Answer(good, f"{asked}: {said}")


def describe(check: Check) -> str:
    """What is asked, as a person would write it."""
    if check.kind == "http":
        return f"GET {_text(check.target)}"
    if check.kind == "tcp":
        return f"connect to {_text(check.target)}"
    if check.kind == "exec":
        return f"`{command_line(_argv(check.target))}`"
    return f"a line like {_text(check.target)!r}"


def verify(check: Check) -> None:
    """Raise CommandUnusable where a check could never be asked."""
    try:
        if check.kind == "http":
            _url(_text(check.target))
        elif check.kind == "tcp":
            _address(_text(check.target))
    except ValueError as error:
        raise CommandUnusable(f"{describe(check)}: {error}") from None


async def _ask(check: Check, plan: Plan, turns: Turns) -> tuple[bool, str]:
    if check.kind == "http":
        return await _http(_text(check.target))
    if check.kind == "tcp":
        _, writer = await asyncio.open_connection(*_address(_text(check.target)))
        writer.transport.abort()
        return True, "connected"
    return await _exec(check_plan(plan, _argv(check.target)), turns)


async def _http(url: str) -> tuple[bool, str]:
    """Ask for a page and read the first line of the answer; a redirection is an answer too."""
    host, port, path, secure = _url(url)
    context = await anyio.to_thread.run_sync(_tls) if secure else None
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        name = f"[{host}]" if ":" in host else host
        head = f"GET {path} HTTP/1.1\r\nHost: {name}:{port}\r\nUser-Agent: grace-tui\r\nConnection: close\r\n\r\n"
        writer.write(head.encode("ascii"))
        line = (await reader.readline()).decode("latin-1").strip()
    finally:
        writer.transport.abort()  # what else it answers is of no interest
    protocol, _, status = line.partition(" ")
    if not protocol.startswith("HTTP/") or not status[:3].isdigit():
        raise ValueError(f"no HTTP answer but {line[:LINE]!r}")
    return status[0] in ("2", "3"), f"answered {status[:LINE]}"


async def _exec(plan: Plan, turns: Turns) -> tuple[bool, str]:
    process, output = await taken_over(lambda: _spawn(plan), _drop, turns)
    with output:
        program = Program(process, plan, (), turns)
        program.attend()
        try:
            code = await program.exited()
        finally:
            with anyio.CancelScope(shield=True):
                await program.end(signal.SIGKILL, 0.0)
        output.seek(max(output.seek(0, 2) - LINE, 0))
        said = output.read().decode(errors="replace").strip().rpartition("\n")[2]
    return code == 0, words(Exit(code), plan.limits) + (f", {said}" if said and code else "")


def _spawn(plan: Plan) -> "tuple[subprocess.Popen[bytes], IO[bytes]]":
    output = tempfile.TemporaryFile()  # noqa: SIM115  it outlives this call
    try:
        return spawn(plan, output.fileno(), output.fileno()), output
    except BaseException:
        output.close()
        raise


def _drop(started: "tuple[subprocess.Popen[bytes], IO[bytes]]") -> None:
    process, output = started
    disown(process)
    output.close()


def _url(url: str) -> tuple[str, int, str, bool]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http://HOST:PORT/PATH or https://…")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or any(letter.isspace() for letter in path):
        raise ValueError("its path must be percent-encoded")
    return parts.hostname, parts.port or (443 if secure else 80), path, secure


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("expected HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _said(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return str(error) or type(error).__name__


def _text(target: str | Sequence[str]) -> str:
    return target if isinstance(target, str) else command_line(target)


def _argv(target: str | Sequence[str]) -> Sequence[str]:
    """A check's command; one string is a line for the shell."""
    return ("/bin/sh", "-c", target) if isinstance(target, str) else target
