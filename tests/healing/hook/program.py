"""Programs that other people might have: written to a folder, run with and without the hook, compared."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grace_tui.healing.repair.recorded import Recorded, hook_errors, hooked, read_recorded

LIBRARY = """
import abc

SETTINGS = {"colour": 1}

def plain(size): return size
def nothing(): return None
async def later(size): return size

class Base:
    def now(self): return 1
    @property
    def size(self): return 3

class Child(Base):
    def up(self): return super().gone()

class Meta(type):
    pass

class Made(metaclass=Meta):
    pass

class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...

class Square(Shape):
    pass

class Open:
    def area(self):
        raise NotImplementedError

    @staticmethod
    def unit():
        raise NotImplementedError

    def measure(self):
        return self.area()

class Circle(Open):
    pass
"""


@dataclass(frozen=True)
class Ended:
    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Program:
    """A folder of sources with the package `library` in it."""

    root: Path

    @property
    def evidence(self) -> Path:
        return self.root.parent / f"{self.root.name}-evidence"

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def run(self, *words: str, hook: bool = True, more: Mapping[str, str] | None = None) -> Ended:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.root), **(more or {})}
        if hook:
            environment |= hooked(self.evidence, self.root, environment)
        done = subprocess.run([sys.executable, *words], cwd=self.root, env=environment, capture_output=True, text=True)
        return Ended(done.returncode, _steady(done.stdout), _steady(done.stderr))

    def compared(self, *words: str, more: Mapping[str, str] | None = None) -> tuple[Recorded, ...]:
        """Run it without and with the hook, which must not show; return what was recorded."""
        assert self.run(*words, more=more) == self.run(*words, more=more, hook=False)
        return self.recorded()

    def recorded(self) -> tuple[Recorded, ...]:
        assert hook_errors(self.evidence) == ""
        return read_recorded(self.evidence, self.root)

    def failing(self, text: str) -> Recorded:
        """The one failure of a program that ends with it."""
        self.write("main.py", text)
        (found,) = self.compared("main.py")
        return found


def _steady(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+|\d+\.\d+ ?s\b|Process-\d+|Task-\d+", "·", text)
