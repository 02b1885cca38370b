"""A kernel's process is not trusted: it gets what the Protocols offer, and its nonsense ends it alone."""

from pathlib import Path

import pytest

from grace_tui.kernel import GraceError
from grace_tui.runtime.hosts.process.exits import ProcessDied
from tests.runtime.hosts.process.bench import supervising, write

HOSTILE = """
    import os

    from grace_tui.kernel import Kernel

    class Hostile(Kernel):
        @property
        def channel(self):
            return self.context.bus.subscribe.__self__.channel

        async def ask(self, *words):
            return self.channel.ask("x", *words)

        async def say(self, data):
            os.write(self.channel.fd, data)

        async def tell(self, *words):
            self.channel.tell(*words)
"""


@pytest.mark.parametrize(
    ("port", "name"),
    [("audit", "entries"), ("audit", "__class__"), ("bus", "boxes"), ("clock", "time"), ("os", "system")],
)
async def test_a_name_that_no_protocol_has_is_not_served(tmp_path: Path, port: str, name: str) -> None:
    write(tmp_path, "hostile.py", HOSTILE)
    async with supervising(tmp_path) as bench:
        await bench.running("hostile")
        with pytest.raises(GraceError, match=f"the core offers no {port}.{name}"):
            await bench.call("hostile", "ask", "port", port, name, (), {}, False)


async def test_a_private_method_of_another_kernel_is_not_served(tmp_path: Path) -> None:
    write(tmp_path, "hostile.py", HOSTILE)
    async with supervising(tmp_path) as bench:
        await bench.running("hostile")
        with pytest.raises(AttributeError, match="_secret is private to hostile"):
            await bench.call("hostile", "ask", "handle", "hostile", "_secret", (), {})


@pytest.mark.parametrize(
    "data", [b"\xff" * 100, b"\0\0\0\1\x01", b"\0\0\0\2\x91\x07"], ids=["endless", "no-words", "odd"]
)
async def test_nonsense_ends_the_process_that_said_it(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, "hostile.py", HOSTILE)
    async with supervising(tmp_path) as bench:
        await bench.running("hostile")
        with pytest.raises(ProcessDied, match="it said what the room does not understand"):
            await bench.call("hostile", "say", data)
        assert isinstance((await bench.failed()).error, ProcessDied)
        await bench.running("hostile")


async def test_a_message_taken_that_was_never_sent_ends_the_process(tmp_path: Path) -> None:
    write(tmp_path, "hostile.py", HOSTILE)
    async with supervising(tmp_path) as bench:
        await bench.running("hostile")
        with pytest.raises(ProcessDied, match="it said what the room does not understand"):
            await bench.call("hostile", "tell", "took", 7, 7)
        await bench.failed()
        await bench.running("hostile")
