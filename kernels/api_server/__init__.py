"""API server: answers HTTP questions about the room on the loopback interface.

Owns its socket and the token in `.grace/api-token`. Called by scripts and metric scrapers with that token as bearer. It
only reads; nothing in the room can be changed through it.
"""

import errno
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import anyio
import anyio.to_thread
import uvicorn

from grace_tui.disk import atomic_write
from grace_tui.kernel import GraceError, Kernel, KernelContext, KernelSpec, NotReady
from kernels.api_server.app import make_app

HOST = "127.0.0.1"
TICK = 1.0
SHUTDOWN_WAIT = 3.0
PROBE_WAIT = 5.0


class PortTaken(GraceError):
    """Something else listens where the API server was told to."""

    def __init__(self, host: str, port: int, problem: OSError) -> None:
        super().__init__(f"api_server cannot listen on {host}:{port}: {problem.strerror or problem}")
        self.host, self.port = host, port


class Server(uvicorn.Server):
    """Uvicorn's server as a guest: the room owns the signals, and an idle server wakes once a second."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # noqa: ASYNC110  # uvicorn is told to exit by a plain flag
            await anyio.sleep(TICK)

    async def leave(self) -> None:
        """Do what a cancelled `serve` leaves undone: stop listening, and let open connections end."""
        if not self.started:
            return
        for listener in self.servers:
            listener.close()
        if self.server_state.connections or self.server_state.tasks:
            await self.shutdown()


class ApiServer(Kernel):
    """Serves /health, /status, /kernels, /incidents and /metrics."""

    spec = KernelSpec(requires=("message_bus",), after=("governance", "memory_fusion"), priority=30)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.token = ""
        self.socket: socket.socket | None = None
        self.server: Server | None = None
        self.requests = 0

    async def start(self) -> None:
        self.requests = int(self.saved_state.get("requests", 0))
        host, port = listen_at(self.settings)
        self.token = await anyio.to_thread.run_sync(self._load_token)
        self.socket = self._listen(host, port)
        config = uvicorn.Config(
            make_app(self.context, self.token, self._count_request),
            http="h11",
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        await anyio.to_thread.run_sync(config.load)
        self.server = Server(config)

    async def run(self) -> None:
        if self.server is None or self.socket is None:
            raise NotReady("api_server was not started")
        async with anyio.create_task_group() as group:
            group.start_soon(self._serve, self.server, self.socket)
            async for _ in self.every(self.spec.beat_interval):
                pass

    async def stop(self) -> None:
        if self.socket is not None:
            self.socket.close()

    async def probe(self) -> None:
        """Ask itself over a real connection: openly for /health, with and without the token for /status."""
        with anyio.move_on_after(PROBE_WAIT):
            found = [
                await self._get("/health", ""),
                await self._get("/status", self.token),
                await self._get("/status", ""),
            ]
            if found != [200, 200, 401]:
                raise NotReady(f"api_server answered itself {found}; expected [200, 200, 401]")
            return
        raise NotReady(f"api_server did not answer itself within {PROBE_WAIT:g} s")

    def save_state(self) -> Mapping[str, object]:
        return {"requests": self.requests, "port": self._port(), "pid": os.getpid()}

    def summary(self) -> str:
        return f":{self._port()}, {self.requests} requests"

    # ---- service

    async def address(self) -> str:
        """Where it listens, such as `http://127.0.0.1:8080`."""
        if self.socket is None:
            raise NotReady("api_server does not listen")
        host, port = self.socket.getsockname()[:2]
        return f"http://{host}:{port}"

    # ---- serving

    async def _serve(self, server: Server, listening: socket.socket) -> None:
        try:
            await server.serve(sockets=[listening])
        finally:
            with anyio.move_on_after(SHUTDOWN_WAIT, shield=True):
                await server.leave()

    def _count_request(self) -> None:
        self.requests += 1
        self.count()

    def _port(self) -> int:
        return int(self.socket.getsockname()[1]) if self.socket is not None and self.socket.fileno() >= 0 else 0

    def _listen(self, host: str, port: int) -> socket.socket:
        """Bind the port that is wanted, else the one the last instance had, else any.

        Invariant: the port is shared only with the instance of this process that this one replaces.
        """
        last = self.saved_state if self.saved_state.get("pid") == os.getpid() else {}
        if port:
            return bind(host, port, shared=last.get("port") == port)
        for wanted, shared in ((int(self.saved_state.get("port", 0)), bool(last)), (0, False)):
            try:
                return bind(host, wanted, shared)
            except PortTaken:
                continue
        raise GraceError(f"api_server found no free port on {host}")

    def _load_token(self) -> str:
        path = self.context.workspace.state / "api-token"
        if path.exists():
            token = path.read_text("ascii").strip()
            if len(token) < 16:
                raise GraceError(f"{path} holds {len(token)} characters; expected a token of at least 16, or no file")
            path.chmod(0o600)
            return token
        token = secrets.token_urlsafe(32)
        atomic_write(path, f"{token}\n".encode(), mode=0o600)
        return token

    async def _get(self, path: str, token: str) -> int:
        """The status of a real GET."""
        if self.socket is None:
            raise NotReady("api_server does not listen")
        host, port = self.socket.getsockname()[:2]
        key = f"Authorization: Bearer {token}\r\n" if token else ""
        async with await anyio.connect_tcp(host, port) as stream:
            await stream.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{key}Connection: close\r\n\r\n".encode())
            line = await stream.receive(64)
        parts = line.split(b" ", 2)
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def listen_at(settings: Mapping[str, object]) -> tuple[str, int]:
    """Host and port from `[kernels.api_server]`; loopback and any free port by default."""
    host, port = settings.get("host", HOST), settings.get("port", 0)
    if not isinstance(host, str) or not host:
        raise GraceError(f"kernels.api_server.host is {host!r}; expected an address")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise GraceError(f"kernels.api_server.port is {port!r}; expected 0 to 65535")
    return host, port


def bind(host: str, port: int, shared: bool) -> socket.socket:
    """A listening socket. Unless `shared`, nobody else may listen there.

    Raises:
        PortTaken: somebody does.
        GraceError: the address is none of this machine.
    """
    try:
        if port and not shared:
            with socket.create_server((host, port)):
                pass  # alone on this port: whatever listens there refuses this
        return socket.create_server((host, port), reuse_port=True)
    except OSError as problem:
        if problem.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(host, port, problem) from problem
        raise GraceError(f"api_server cannot listen on {host}:{port}: {problem.strerror or problem}") from problem
