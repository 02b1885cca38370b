"""A room that is only a socket: it speaks the frames of a real one, and answers what a test told it to."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from grace_tui.cli import run
from grace_tui.workspace import Workspace

Data = Mapping[str, Any]
Reply = tuple[bool, str, Data]


class FakeRoom:
    """Listens in a workspace; `replies` maps a verb to its reply, or to a function of the arguments."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.replies: dict[str, Reply | Callable[[Data], Reply]] = {}
        self.asked: list[tuple[str, Data]] = []
        self.closing = False
        workspace.prepare()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(workspace.socket))
        self.server.listen()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def says(self, verb: str, data: Data, ok: bool = True, text: str = "") -> None:
        self.replies[verb] = (ok, text, data)

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            self.server.shutdown(socket.SHUT_RDWR)
            self.thread.join(5)
        self.server.close()

    def _serve(self) -> None:
        while not self.closing:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            with line:
                line.settimeout(5)
                self._answer(line)

    def _answer(self, line: socket.socket) -> None:
        head = line.recv(5, socket.MSG_WAITALL)
        if not head:
            return
        assert head[:1] == b"C"
        asked = json.loads(line.recv(int.from_bytes(head[1:], "big"), socket.MSG_WAITALL))
        self.asked.append((asked["verb"], asked["args"]))
        found = self.replies.get(asked["verb"], (False, f"no verb {asked['verb']}", {}))
        ok, text, data = found(asked["args"]) if callable(found) else found
        body = json.dumps({"id": asked["id"], "ok": ok, "text": text, "data": data}).encode()
        line.sendall(b"A" + len(body).to_bytes(4, "big") + body)


class Shell:
    """Runs `grace-tui WORDS` in this process; `out` and `err` are what it printed last."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        self.capsys.readouterr()
        code = run(words)
        self.out, self.err = self.capsys.readouterr()
        return code

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def room_view(**changes: object) -> dict[str, Any]:
    """A room with two kernels, one of them down."""
    view: dict[str, Any] = {
        "sequence": 7,
        "at": 1_700_000_000.0,
        "workspace": "lab",
        "host": "box",
        "version": "0.1.0",
        "state": "degraded",
        "total": 2,
        "running": 1,
        "failed": 1,
        "open_incidents": 1,
        "fixing": 1,
        "queued": 0,
        "loop_lag_ms": 0.4,
        "cpu_percent": 3.2,
        "rss_bytes": 123_731_968,
        "uptime": 729.0,
        "bus_rate": 41.0,
        "kernels": [
            kernel_view("message_bus"),
            kernel_view("governance", state="failed", error="ImportError: no name"),
        ],
        "incidents": [incident_view()],
    }
    return view | changes


def kernel_view(name: str, **changes: object) -> dict[str, Any]:
    return {"name": name, "state": "running", "since": 65.0, "rate": 1.25, "restarts": 2, "summary": "3 keys"} | changes


def incident_view(**changes: object) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": "I-1",
        "kernel": "governance",
        "title": "cannot import async_session",
        "kind": "ImportError",
        "state": "in_repair",
        "count": 3,
        "opened_at": 1_700_000_000.0,
        "last_at": 1_700_000_060.0,
        "signature": "abc",
        "action": "trying",
    }
    return found | changes
