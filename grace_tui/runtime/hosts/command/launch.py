"""From a command's spec to a process: everything is looked up first, so that what is wrong is said in words.

Both steps touch the disk, and so run in a worker thread, never on the loop. A process gets a session of its own: its
group is what is signalled, and its session how its children are found.
"""

import errno
import os
import pwd
import resource
import shlex
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grace_tui.runtime.hosts.command.environ import ROOM, environment
from grace_tui.runtime.hosts.command.errors import CommandUnusable
from grace_tui.runtime.hosts.command.spec import CommandSpec
from grace_tui.runtime.hosts.limits import Limits

FILES_WANTED = 8192
"""Open files the room allows itself: each program costs it four."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a process runs as."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """A process that could be started: nothing about it was found wrong."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    identity: Identity | None
    """None: as the room."""
    limits: Limits


def plan(spec: CommandSpec, root: Path, kernel: str, mark: str) -> Plan:
    """Look everything up. Raises CommandUnusable with what is wrong."""
    cwd = root / spec.cwd
    if not cwd.is_dir():
        what = "is not a folder" if cwd.exists() else "does not exist"
        raise CommandUnusable(f"the folder to run in {what}: {cwd}")
    env = environment(spec, root, kernel, mark)
    identity = _identity(spec.user)
    if identity is not None:
        env.update({name: value for name, value in identity.env.items() if name not in spec.env})
    return Plan(_found(spec.argv, cwd, env), cwd, env, identity, spec.limits)


def check_plan(made: Plan, argv: Sequence[str]) -> Plan:
    """Another command line in the same surroundings; its mark tells it from the program it is about."""
    env = {**made.env, ROOM: f"{made.env[ROOM]}/check"}
    return Plan(_found(tuple(argv), made.cwd, env), made.cwd, env, made.identity, made.limits)


def spawn(made: Plan, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    """Start it. Raises CommandUnusable where the system refuses."""
    program = made.argv[0]
    before = _files.before
    try:
        process = subprocess.Popen(
            _limited(made.argv, made.limits),
            cwd=made.cwd,
            env=made.env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            user=made.identity.uid if made.identity else None,
            group=made.identity.gid if made.identity else None,
            extra_groups=made.identity.groups if made.identity else None,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise CommandUnusable(f"cannot run {program}: {_refusal(error, program)}") from None
    if before is not None and made.limits.open_files is None:
        _files.give_back(process.pid)
    return process


def make_room_for_files() -> None:
    """Raise this process's soft limit on open files; the programs it starts keep the limit it was given."""
    _files.make_room()


class _FileLimit:
    """The soft limit on open files of this process, before and after it was raised."""

    def __init__(self) -> None:
        self.before: tuple[int, int] | None = None
        self._lock = threading.Lock()

    def make_room(self) -> None:
        with self._lock:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            most = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
            if soft != resource.RLIM_INFINITY and soft < most:
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
                self.before = (soft, hard)

    def give_back(self, pid: int) -> None:
        # Old programs break on descriptors past 1024; `prlimit` is Linux's own, elsewhere they get the raised limit.
        if self.before is not None and hasattr(resource, "prlimit"):
            try:
                resource.prlimit(pid, resource.RLIMIT_NOFILE, self.before)
            except (ProcessLookupError, PermissionError):  # it is gone already, or became somebody else
                return


_files = _FileLimit()


def _found(argv: tuple[str, ...], cwd: Path, env: Mapping[str, str]) -> tuple[str, ...]:
    """The command line with its program's full path."""
    if not argv or not argv[0]:
        raise CommandUnusable("the command is empty")
    word = argv[0]
    if "/" not in word:
        path = shutil.which(word, path=env.get("PATH", os.defpath))
        if path is None:
            raise CommandUnusable(f"no such program {word!r} in PATH ({env.get('PATH', os.defpath)})")
        return (str(cwd / path), *argv[1:])
    full = cwd / word
    if full.is_dir():
        raise CommandUnusable(f"{full} is a folder, not a program")
    if not full.exists():
        raise CommandUnusable(f"no such program: {full}")
    if not os.access(full, os.X_OK):
        raise CommandUnusable(f"{full} is not executable; `chmod +x` makes it so")
    return (str(full), *argv[1:])


def _identity(user: str) -> Identity | None:
    if not user:
        return None
    try:
        entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
    except KeyError:
        raise CommandUnusable(f"there is no user {user!r} on this machine") from None
    if entry.pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise CommandUnusable(f"running as {user!r} needs a room that was opened by root")
    groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid))
    names = {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name}
    return Identity(entry.pw_uid, entry.pw_gid, groups, names)


def _limited(argv: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
    """Put the shell in front where there are limits: they hold before the program's first instruction.

    Setting them between fork and exec would cost the fast way to start a process, and be unsafe beside threads.
    """
    words = []
    if limits.memory_bytes is not None:
        words.append(f"ulimit -v {max(_allowed(resource.RLIMIT_AS, limits.memory_bytes) // 1024, 1)}")
    if limits.cpu_seconds is not None:
        # SIGXCPU at the soft limit says why; SIGKILL a second later is for a program that catches it.
        seconds = _allowed(resource.RLIMIT_CPU, limits.cpu_seconds)
        words += [f"ulimit -S -t {seconds}", f"ulimit -H -t {_allowed(resource.RLIMIT_CPU, seconds + 1)}"]
    if limits.open_files is not None:
        words.append(f"ulimit -n {_allowed(resource.RLIMIT_NOFILE, limits.open_files)}")
    if not words:
        return argv
    return ("/bin/sh", "-c", " && ".join([*words, 'exec "$@"']), "sh", *argv)


def _allowed(kind: int, value: int) -> int:
    """A limit, or the most that this process may set it to."""
    most = resource.getrlimit(kind)[1]
    return value if most == resource.RLIM_INFINITY else min(value, most)


def _refusal(error: Exception, program: str) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.ENOEXEC:
        return "it is neither a binary of this machine nor a script that names its interpreter (#!)"
    if error.errno == errno.ENOENT:
        return f"the interpreter in its first line does not exist: {_first_line(program)}"
    return error.strerror or str(error)


def _first_line(program: str) -> str:
    with open(program, "rb") as file:
        return file.readline(200).decode(errors="replace").strip()


def command_line(argv: Sequence[str]) -> str:
    """A command as a person would type it."""
    return shlex.join(argv)
