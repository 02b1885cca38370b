"""sign: failures that libraries really raise here, twice with other values, and once for another reason."""

import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import click
import httpx
import msgspec
import pytest
import sqlalchemy

from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.signature import Signature, sign
from tests.healing.incidents.workshop import raised


class Order(msgspec.Struct):
    count: int
    name: str = ""


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def select(text: str, value: object) -> object:
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        return connection.execute(sqlalchemy.text(text), {"value": value})


def execute(text: str, values: object) -> object:
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute(text, values)  # type: ignore[arg-type]


def count(given: str) -> object:
    option = click.Option(["--count"], type=click.IntRange(1, 5))
    return click.Command("order", params=[option]).main(["--count", given], standalone_mode=False)


def reach(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as local:
        local.connect(path)


def run(code: str) -> object:
    return subprocess.run([sys.executable, "-c", code], check=True)


async def connect() -> None:
    await anyio.connect_tcp("127.0.0.1", closed_port())


def decode(text: str) -> object:
    return msgspec.json.decode(text, type=Order)


Act = Callable[[], object]
RAISED: dict[str, tuple[Act, Act, Act]] = {
    "httpx": (
        lambda: httpx.get(f"http://127.0.0.1:{closed_port()}/a/1"),
        lambda: httpx.get(f"http://127.0.0.1:{closed_port()}/b?c=2"),
        lambda: httpx.get("gopher://127.0.0.1/"),
    ),
    "anyio": (connect, connect, lambda: anyio.run(anyio.connect_unix, "/nonexistent/socket")),
    "sqlalchemy": (
        lambda: select("SELECT * FROM orders WHERE id = :value", 17),
        lambda: select("SELECT * FROM orders WHERE id = :value", "alice"),
        lambda: select("SELECT * FROM users WHERE id = :value", 17),
    ),
    "msgspec": (
        lambda: decode('{"count": "many"}'),
        lambda: decode('{"count": "few", "name": "x"}'),
        lambda: decode('{"name": "x"}'),
    ),
    "click": (
        lambda: count("70"),
        lambda: count("-3"),
        lambda: count("x"),
    ),
    "json": (
        lambda: json.loads("{'a'"),
        lambda: json.loads('\n\n{"a": 1, b'),
        lambda: json.loads('{"a" 1}'),
    ),
    "sqlite3": (
        lambda: execute("SELECT ?", (1, 2)),
        lambda: execute("SELECT ?, ?", (1, 2, 3)),
        lambda: execute("SELECT :a", {}),
    ),
    "socket": (
        lambda: socket.create_connection(("127.0.0.1", closed_port()), 1),
        lambda: socket.create_connection(("127.0.0.1", closed_port()), 2),
        lambda: reach("/nonexistent/socket"),
    ),
    "subprocess": (
        lambda: run("raise SystemExit(1)"),
        lambda: run("raise SystemExit(2)"),
        lambda: run("import os; os.kill(os.getpid(), 9)"),
    ),
}


@pytest.mark.parametrize("library", RAISED)
def test_other_values_are_the_same_failure_and_another_reason_is_not(library: str, tmp_path: Path) -> None:
    one, other, reason = (signed(act, tmp_path) for act in RAISED[library])
    assert one == other
    assert one.strict != reason.strict


def signed(act: Act, root: Path) -> Signature:
    return sign(capture(raised(act), kernel="client", phase="run", root=root, at=1.0))
