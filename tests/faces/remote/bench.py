"""What a remote screen costs: `python -m tests.faces.remote.bench`. Prints measurements; never part of pass or fail."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from grace_tui.faces.remote import frames

SIZE = {"w": 120, "h": 40, "color": "truecolor"}
CLIENTS = 10


async def serve(path: Path) -> None:
    from tests.faces.remote.support import open_room

    async with open_room(path):
        await asyncio.Event().wait()


class Client:
    """A blocking screen that only looks for bytes."""

    def __init__(self, path: Path) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(str(path))
        self.line.sendall(frames.json_frame(frames.HELLO, SIZE))
        self.received = 0

    def wait_for(self, text: bytes) -> float:
        """Milliseconds until `text` is painted."""
        began, seen = time.perf_counter(), b""
        while text not in seen:
            data = self.line.recv(65536)
            assert data, "the room hung up"
            self.received += len(data)
            seen += data
        return (time.perf_counter() - began) * 1000

    def press(self, key: bytes) -> float:
        self.line.sendall(frames.frame(frames.DATA, key))
        return self.wait_for(b" " + key + b".") if key != b"q" else 0.0


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"p50 {statistics.median(ordered):.1f}  p95 {ordered[int(len(ordered) * 0.95) - 1]:.1f}"


def measure(path: Path, room: psutil.Process) -> None:
    first = Client(path)
    print(f"first connect to content  {first.wait_for(b'sees 120x40'):.1f} ms, {first.received} bytes")
    before, cpu = room.memory_info().rss, room.cpu_times().user
    clients = [first]
    waits = []
    for _ in range(CLIENTS):
        clients.append(Client(path))
        waits.append(clients[-1].wait_for(b"sees 120x40"))
    grown = (room.memory_info().rss - before) / CLIENTS / 1024
    print(f"later connects, ms        {spread(waits)}, {clients[-1].received} bytes")
    print(f"each                      {grown:.0f} KiB, {(room.cpu_times().user - cpu) / CLIENTS * 1000:.0f} ms of CPU")
    keys = [first.press(bytes([97 + turn % 14])) for turn in range(200)]
    print(f"key to paint, ms          {spread(keys)}")
    for client in clients:
        client.line.close()
    after = []
    for _ in range(50):
        client = Client(path)
        client.wait_for(b"sees 120x40")
        client.line.close()
        after.append(room.memory_info().rss / 1024 / 1024)
    print(f"50 attach/detach cycles   rss {after[0]:.1f} -> {after[-1]:.1f} MiB")


def starting(path: Path, program: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    if sys.argv[1:]:
        asyncio.run(serve(Path(sys.argv[1])))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grace" / "socket"
        room = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, str(path)], env={**os.environ, "TEXTUAL_FPS": "240"}
        )
        while not path.is_socket() and room.poll() is None:
            time.sleep(0.01)
        measure(path, psutil.Process(room.pid))
        ask = (
            "import sys; from pathlib import Path; from grace_tui.faces.remote.client import request;"
            "request(Path(sys.argv[1]), 'status')"
        )
        print(f"a verb as a process, ms   {spread([starting(path, ask) for _ in range(20)])}")
        print(f"an empty process, ms      {spread([starting(path, 'pass') for _ in range(20)])}")
        room.terminate()
        room.wait()


if __name__ == "__main__":
    main()
