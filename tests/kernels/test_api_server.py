import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from grace_tui.kernel import GraceError, NotReady
from grace_tui.kernel.testing import Bench, running, sample_incident, sample_kernel, sample_task
from kernels.api_server import ApiServer, PortTaken

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def serving(tmp_path: Path, **settings: object) -> AsyncIterator[tuple[Bench, httpx.AsyncClient]]:
    """A running server and a client that bears its token."""
    async with running(ApiServer, workspace=tmp_path, settings={"api_server": settings}) as bench:
        server = bench.get(ApiServer)
        headers = {"Authorization": f"Bearer {server.token}"}
        async with httpx.AsyncClient(base_url=await server.address(), headers=headers, trust_env=False) as client:
            yield bench, client


async def test_live_state_is_served(tmp_path: Path) -> None:
    async with serving(tmp_path) as (bench, client):
        bench.room.view = {"running": 1, "total": 2}
        bench.room.records = (sample_kernel("librarian"),)
        bench.incidents.add(sample_incident("I1", "sandbox"))
        assert (await client.get("/status")).json() == {"running": 1, "total": 2}
        assert (await client.get("/kernels")).json()[0]["name"] == "librarian"
        (incident,) = (await client.get("/incidents")).json()
        assert (incident["id"], incident["state"]) == ("I1", "open")


async def test_metrics_are_read_from_the_room_at_every_scrape(tmp_path: Path) -> None:
    async with serving(tmp_path) as (bench, client):
        bench.room.records = (sample_kernel("librarian", restarts=2), sample_kernel("sandbox", state="failed"))
        bench.tasks.add(sample_task("T1", "sandbox"))
        first = await client.get("/metrics")
        assert first.headers["content-type"].startswith("text/plain")
        lines = first.text.splitlines()
        assert 'grace_kernel_running{kernel="librarian"} 1.0' in lines
        assert 'grace_kernel_running{kernel="sandbox"} 0.0' in lines
        assert 'grace_kernel_restarts_total{kernel="librarian"} 2.0' in lines
        assert 'grace_tasks{state="queued"} 1.0' in lines
        bench.room.records = (sample_kernel("librarian", state="failed"),)
        assert 'grace_kernel_running{kernel="librarian"} 0.0' in (await client.get("/metrics")).text.splitlines()


CASES: tuple[tuple[str, str, dict[str, Any], int], ...] = (
    ("GET", "/health", {"Authorization": ""}, 200),
    ("GET", "/status", {"Authorization": ""}, 401),
    ("GET", "/metrics", {"Authorization": "Bearer wrong"}, 401),
    ("GET", "/kernels", {"Authorization": "Basic eDp5"}, 401),
    ("GET", "/incidents", {"Authorization": "Bearer täuschend".encode("latin-1")}, 401),
    ("GET", "/nothing", {}, 404),
    ("POST", "/status", {}, 405),
)


async def test_every_answer_is_json_with_the_right_status(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, client):
        for method, path, headers, status in CASES:
            answer = await client.request(method, path, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), path
            assert status == 200 or (answer.json()["error"], answer.json()["path"]) == (status, path)
            assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_the_token_is_private_and_stays(tmp_path: Path) -> None:
    async with running(ApiServer, workspace=tmp_path) as bench:
        path = tmp_path / ".grace" / "api-token"
        assert path.stat().st_mode & 0o777 == 0o600
        token = bench.get(ApiServer).token
        assert path.read_text().strip() == token
        await bench.stop(ApiServer)
        assert (await bench.start(ApiServer)).token == token


async def test_a_token_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".grace").mkdir()
    (tmp_path / ".grace" / "api-token").write_text("abc\n")
    with pytest.raises(GraceError, match=r"api-token holds 3 characters; expected a token of at least 16"):
        async with running(ApiServer, workspace=tmp_path):
            pass


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            async with running(ApiServer, workspace=tmp_path, settings={"api_server": {"port": port}}):
                pass


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"port": 70_000}, "port is 70000; expected 0 to 65535"),
        ({"port": "http"}, "port is 'http'"),
        ({"host": 3}, "host is 3; expected an address"),
    ],
)
async def test_bad_settings_are_named(tmp_path: Path, settings: dict[str, object], message: str) -> None:
    with pytest.raises(GraceError, match=message):
        async with running(ApiServer, workspace=tmp_path, settings={"api_server": settings}):
            pass


@pytest.mark.in_task("reads an attribute of an instance that has ended")
async def test_a_stop_frees_the_port_and_a_restart_takes_it_again(tmp_path: Path) -> None:
    async with running(ApiServer, workspace=tmp_path) as bench:
        server = bench.get(ApiServer)
        address, saved = await server.address(), server.save_state()
        await bench.stop(ApiServer)
        with pytest.raises(OSError, match=r"refused|failed"):
            await anyio.connect_tcp("127.0.0.1", int(address.rpartition(":")[2]))
        again = await bench.start(ApiServer, saved_state=saved)
        assert await again.address() == address
        assert again.requests > server.requests > 0


@pytest.mark.in_task("two instances of one process may share a port, two processes may not")
async def test_the_next_instance_may_listen_before_the_last_one_ends(tmp_path: Path) -> None:
    async with running(ApiServer, workspace=tmp_path) as old, running(workspace=tmp_path) as new:
        address = await old.get(ApiServer).address()
        port = int(address.rpartition(":")[2])
        server = await new.start(ApiServer, {"port": port}, old.get(ApiServer).save_state())
        assert await server.address() == address


async def test_an_open_connection_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    async with running(ApiServer, workspace=tmp_path) as bench:
        port = int((await bench.get(ApiServer).address()).rpartition(":")[2])
        async with await anyio.connect_tcp("127.0.0.1", port):
            with anyio.fail_after(3):
                await bench.stop(ApiServer)


async def test_the_probe_fails_when_status_is_open_to_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.api_server.app.check_token", lambda request, token: None)
    with pytest.raises(NotReady, match=r"answered itself \[200, 200, 200\]; expected \[200, 200, 401\]"):
        async with running(ApiServer, workspace=tmp_path):
            pass
