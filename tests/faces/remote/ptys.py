"""A program on a terminal of its own, driven through a real pty. Used by the tests beside it."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any, Self

from tests.faces.remote.support import Emulator, until

# Opening the terminal makes it the controlling one of the new session, as a login shell has it.
BOOTSTRAP = "import os; os.close(os.open(os.ttyname(0), os.O_RDWR))\n"


class OnTerminal:
    """`async with` runs Python code on a pty, and kills what is left of it."""

    def __init__(self, code: str, *arguments: str, size: tuple[int, int] = (60, 12)) -> None:
        self.code, self.arguments, self.size = code, arguments, size
        self.emulator = Emulator(*size)
        self.raw = bytearray()

    async def __aenter__(self) -> Self:
        self.master, self.slave = pty.openpty()
        self.set_size(*self.size)
        self.before = termios.tcgetattr(self.slave)
        os.set_blocking(self.master, False)
        asyncio.get_running_loop().add_reader(self.master, self._read)
        self.process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once, and the rest is waited for
            [sys.executable, "-c", BOOTSTRAP + self.code, *self.arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONWARNINGS": "error"},
        )
        return self

    async def __aexit__(self, *_: Any) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.vanish()
        if self.slave >= 0:
            os.close(self.slave)

    def vanish(self) -> None:
        """The terminal goes away, as when its window is closed."""
        if self.master >= 0:
            asyncio.get_running_loop().remove_reader(self.master)
            os.close(self.master)
            self.master = -1

    def let_go(self) -> None:
        """Close the test's own end of the terminal's inside, so that only the program holds it."""
        os.close(self.slave)
        self.slave = -1

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def set_size(self, width: int, height: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.emulator.screen.resize(height, width)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def sees(self, text: str) -> None:
        await until(lambda: text in self.emulator.display, f"{text!r} in\n{self.emulator.display}")

    async def ends(self) -> int:
        await until(lambda: self.process.poll() is not None, f"it ended; the terminal shows\n{self.emulator.display}")
        code = self.process.returncode
        await asyncio.sleep(0)
        return code

    @property
    def given_back(self) -> bool:
        """Whether the terminal is as it was, in mode and on screen."""
        left = self.raw.rfind(b"\x1b[?1049l") > self.raw.rfind(b"\x1b[?1049h")
        return left and b"\x1b[?25h" in self.raw and termios.tcgetattr(self.slave) == self.before

    def _read(self) -> None:
        try:
            data = os.read(self.master, 65536)
        except BlockingIOError:
            return
        except OSError:  # nobody holds the inside any more
            asyncio.get_running_loop().remove_reader(self.master)
            return
        self.raw += data
        self.emulator.feed(data)
