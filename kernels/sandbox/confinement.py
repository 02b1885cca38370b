"""How far this machine lets a process be shut in: found out by trying, strongest first, never assumed."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
PROCESSES = 32

UNSHARE = ("--user", "--map-current-user", "--net", "--ipc", "--pid", "--fork", "--kill-child=KILL", "--")
# What programs need to read to run at all.
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/ssl",
    "/etc/localtime",
    "/etc/passwd",
    "/etc/group",
    "/dev/zero",
    "/dev/urandom",
)

# Told by the inside: can it see a network, list a folder it should not, start more processes than it may?
INSPECT = """
import json, os, socket, sys
seen = {"network": [name for _, name in socket.if_nameindex() if name != "lo"] != []}
try:
    seen["files"] = bool(os.listdir(sys.argv[1]) or True)
except PermissionError:
    seen["files"] = False
seen["own_processes"] = os.getpid() < 10
children = []
try:
    for _ in range(int(sys.argv[2]) + 1):
        child = os.fork()
        if child == 0:
            sys.stdin.read()
            os._exit(0)
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, 9)
seen["process_limit"] = len(children) <= int(sys.argv[2])
print(json.dumps(seen))
"""


@dataclass(frozen=True, slots=True)
class Confinement:
    """One way to start a process, and what of it was seen to work."""

    unshare: str = ""
    """Path of the `unshare` program; empty to do without."""
    landlock: bool = False
    no_network: bool = False
    own_files: bool = False
    own_processes: bool = False
    process_limit: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """For a person: each thing that is shut, and each that is open."""
        return (
            "no network" if self.no_network else "network open",
            "own files" if self.own_files else "files open",
            "own processes" if self.own_processes else "own process group",
            "processes limited" if self.process_limit else "processes not limited",
        )

    def command(self, program: Sequence[str], folder: str, limits: Mapping[str, int]) -> list[str]:
        """The argument list that runs `program` in `folder` with all of this around it."""
        # Outside a namespace of its own, the limit would count everything the user runs.
        processes = PROCESSES if self.unshare else None
        readable = [*SYSTEM, sys.prefix, sys.base_prefix] if self.landlock else None
        writable = [folder, "/dev/null"] if self.landlock else None
        told = json.dumps({**limits, "processes": processes, "readable": readable, "writable": writable})
        prefix = [self.unshare, *UNSHARE] if self.unshare else []
        return [*prefix, *python(str(LAUNCHER)), told, *program]

    def seen(self, answer: str) -> "Confinement":
        """Return this with what INSPECT printed from the inside."""
        told = json.loads(answer)
        return Confinement(
            self.unshare,
            self.landlock,
            no_network=not told["network"],
            own_files=not told["files"],
            own_processes=told["own_processes"],
            process_limit=told["process_limit"],
        )


def candidates() -> list[Confinement]:
    """Ways to try, the strongest first; the last needs nothing of the system."""
    unshare = shutil.which("unshare") or ""
    ways = [Confinement(unshare, True), Confinement("", True), Confinement(unshare, False), Confinement()]
    return list(dict.fromkeys(ways))


def python(*arguments: str) -> list[str]:
    """A Python that sees neither the environment, the user's packages nor the current folder."""
    return [sys.executable, "-I", "-S", *arguments]
