"""Imports modules, each in a process of its own, for `survey`: `python server.py` with the job as JSON on stdin.

Runs in the Python of the tree that is looked at: standard library only, Python 3.8 and later. One process loads what
the tree imports from outside; from it a process is forked for each top module, and from that of a package, once it is
imported, one for each of its members, which therefore starts where a fresh import of the member would be by then. What
a module does (exit, threads, endless loops, handlers, output) stays in its process. Results are appended to a file.
"""

from __future__ import annotations

import errno
import faulthandler
import gc
import json
import os
import select
import signal
import sys
import tempfile
import threading
import time
import types
import warnings
from typing import Any, NamedTuple

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LAST_WORDS = 2000
MOST_PACKAGES = 2
"""Packages that one process keeps open for their members at a time, for each job."""
GRACE = 2.0
"""Seconds after which a process that should have ended by itself is ended."""
LOOK = 0.25
PRELOAD_SECONDS = 60.0
PRELOAD_TRIES = 12


class Module(NamedTuple):
    name: str
    members: tuple[Any, ...]


class Job:
    def __init__(self, plain: dict[str, Any]) -> None:
        self.root = os.path.realpath(os.environ["GRACE_ROOT"])
        self.timeout: float = plain["timeout"]
        self.group = 0
        self.groups: list[dict[str, Any]] = plain["groups"]
        for group in self.groups:
            group["path"] = [os.path.normpath(os.path.join(self.root, base)) for base in group["path"]]
        self.preload: list[str] = plain["preload"]
        self.pycache: str = plain["pycache"]
        self.files: dict[str, int] = {os.path.join(self.root, name): at for at, name in enumerate(plain["files"])}
        self.results = os.open(plain["results"], os.O_WRONLY | os.O_APPEND)
        self.free, self.done = os.pipe()
        os.set_blocking(self.free, False)
        os.write(self.done, b"." * plain["jobs"])
        self.tell({"root": self.root, "version": list(sys.version_info[:3])})

    def tell(self, plain: dict[str, Any]) -> None:
        os.write(self.results, json.dumps({"group": self.group, **plain}, default=str).encode() + b"\n")


# ---- what an import touches


class Watch:
    """Which files of the tree were run, and which modules were asked for, since the process began."""

    def __init__(self, files: dict[str, int]) -> None:
        self.files = files
        self.ran: dict[int, None] = {}
        self.asked: dict[str, None] = {}
        sys.addaudithook(self.see)

    def see(self, event: str, args: Any) -> None:
        if event == "exec":
            at = self.files.get(getattr(args[0], "co_filename", ""))
            if at is not None:
                self.ran[at] = None
        elif event == "import" and isinstance(args[0], str):
            self.asked[args[0]] = None

    def told(self) -> dict[str, Any]:
        return {"ran": list(self.ran), "missed": [name for name in self.asked if name not in sys.modules]}


# ---- a process that imports one module


def alone(job: Job, watch: Watch, evidence: Any, module: Module, report: int, words: int) -> None:
    """Import a module, tell what became of it, and go on as the process of a package."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(words, 1)
    os.dup2(words, 2)
    faulthandler.dump_traceback_later(job.timeout, exit=True, file=words)
    began = time.monotonic()
    told = imported(module.name, evidence)
    faulthandler.cancel_dump_traceback_later()
    told.update(watch.told(), module=module.name, seconds=round(time.monotonic() - began, 4))
    told["threads"] = threading.active_count() > 1
    goes_on = told["ended"] == "imported" and bool(module.members) and not told["threads"]
    told["open"] = goes_on
    send(report, told)
    if goes_on:
        gc.freeze()
        Forker(job, watch, evidence).run(list(module.members))
        send(report, {"closed": True})
    os._exit(0)


def imported(name: str, evidence: Any) -> dict[str, Any]:
    try:
        __import__(name)
    except SystemExit as error:
        return {"ended": "exited", "code": error.code if isinstance(error.code, int) else str(error.code or 0)}
    except BaseException as error:
        trace = error.__traceback__
        error.__traceback__ = trace.tb_next if trace is not None else None
        return {"ended": "raised", "failures": described(error, evidence)}
    return {"ended": "imported"}


def described(error: BaseException, evidence: Any) -> list[dict[str, Any]]:
    try:
        told: list[dict[str, Any]] = evidence.told(error, fatal=True, handled=False)
        return told
    except BaseException as trouble:  # whatever an exception of the program's own does when it is looked at
        return [
            {
                "kernel": "",
                "phase": "",
                "kind": type(error).__name__,
                "message": f"it cannot be described: {type(trouble).__name__}",
                "frames": [],
                "process": {},
            }
        ]


def send(descriptor: int, plain: dict[str, Any]) -> None:
    data = json.dumps(plain, default=str).encode() + b"\n"
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:  # the module closed what it does not own: the end of the process tells
        os._exit(3)


# ---- a process that starts others


class Child:
    def __init__(self, module: Module, pid: int, report: int, words: int, until: float) -> None:
        self.module, self.pid, self.report, self.words, self.until = module, pid, report, words, until
        self.read = b""
        self.told = False
        """Its import has ended, in whatever way."""
        self.open = False
        """It goes on, with the members of its package."""
        self.status: int | None = None
        """How its process ended, once it has."""

    def ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None


class Forker:
    def __init__(self, job: Job, watch: Watch, evidence: Any) -> None:
        self.job, self.watch, self.evidence = job, watch, evidence
        self.children: dict[int, Child] = {}
        self.waiting: list[Module] = []

    def run(self, modules: list[Module]) -> None:
        self.waiting = modules
        while self.waiting or self.children:
            may = bool(self.waiting) and sum(child.open for child in self.children.values()) < MOST_PACKAGES
            watched = [*self.children, *([self.job.free] if may else [])]
            ready = select.select(watched, [], [], LOOK)[0]
            for descriptor in ready:
                if descriptor in self.children:
                    self.hear(self.children[descriptor])
            if may and self.job.free in ready and self.take():
                self.start(self.waiting.pop(0))
            self.look()

    def take(self) -> bool:
        try:
            return bool(os.read(self.job.free, 1))
        except BlockingIOError:  # another process was faster
            return False

    def start(self, module: Module) -> None:
        self.job.tell({"began": module.name})
        report, inner = os.pipe()
        words = memory_file()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(report)
                alone(self.job, self.watch, self.evidence, module, inner, words)
            finally:
                os._exit(4)
        os.close(inner)
        until = time.monotonic() + self.job.timeout + GRACE
        self.children[report] = Child(module, pid, report, words, until)

    def hear(self, child: Child) -> None:
        chunk = os.read(child.report, 1 << 20)
        child.read += chunk
        *lines, child.read = child.read.split(b"\n")
        for line in lines:
            self.heard(child, json.loads(line))
        if not chunk:
            self.end(child)

    def heard(self, child: Child, plain: dict[str, Any]) -> None:
        if plain.get("closed"):
            self.end(child)
            return
        child.open = plain.pop("open", False)
        if plain["ended"] == "imported" and child.module.members and not child.open:
            # It has threads, which no fork takes along: its members begin where it began.
            self.waiting[:0] = child.module.members
        self.tell(child, plain)
        if not child.open:
            self.end(child)

    def look(self) -> None:
        """Processes that ended without a word, or do not end."""
        for child in list(self.children.values()):
            if not child.told and time.monotonic() > child.until:
                self.end(child, late=True)
            elif child.ended():
                while child.report in self.children and select.select([child.report], [], [], 0)[0]:
                    self.hear(child)
                if child.report in self.children:
                    self.end(child)

    def tell(self, child: Child, plain: dict[str, Any]) -> None:
        if not child.told:
            child.told = True
            os.write(self.job.done, b".")
            self.job.tell(plain)

    def end(self, child: Child, late: bool = False) -> None:
        """Let it be gone, and tell how it ended where it did not say so."""
        del self.children[child.report]
        os.close(child.report)
        status = self.reap(child, late)
        said = last_words(child.words)
        os.close(child.words)
        if not child.told:
            late = late or said.startswith("Timeout (")
            ended = "too long" if late else "died"
            code = -(status & 0x7F) if status & 0x7F else status >> 8
            plain = {"module": child.module.name, "ended": ended, "code": code, "said": said, "ran": [], "missed": []}
            self.tell(child, plain)

    def reap(self, child: Child, late: bool) -> int:
        """Its status; what was told of is ended at once, what ends by itself gets a moment for it."""
        until = time.monotonic() + (0.0 if child.told or late else GRACE)
        while not child.ended() and time.monotonic() < until:
            time.sleep(0.005)
        if child.status is None:
            end(child.pid)
            child.status = os.waitpid(child.pid, 0)[1]
        return child.status


def end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it has ended, and waits to be reaped


def memory_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("words")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def last_words(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    os.lseek(descriptor, max(0, size - LAST_WORDS), os.SEEK_SET)
    return os.read(descriptor, LAST_WORDS).decode("utf-8", "replace").strip()


# ---- the process that all others come from


def preloaded(job: Job, watch: Watch, names: list[str], report: int) -> list[str]:
    """Import what the tree imports from outside; the names that a shared process should not have imported."""
    bad = []
    for name in names:
        os.write(report, name.encode() + b"\n")
        ran = len(watch.ran)
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            if not name.startswith(str(error.name)):
                bad.append(name)
        except BaseException:  # whatever a module may raise: whoever imports it will tell
            bad.append(name)
        if threading.active_count() > 1 or len(watch.ran) > ran:
            bad.append(name)
    return bad


def serve(job: Job, names: list[str], report: int) -> None:
    """The process that the modules come from; it says what it did, a name a line, and `=` once it begins."""
    die_with_parent()
    sys.path[:0] = job.groups[0]["path"] if job.groups else []
    watch = Watch(job.files)
    words = memory_file()
    os.dup2(words, 1)
    os.dup2(words, 2)
    bad = preloaded(job, watch, names, report)
    if bad:
        os.write(report, b"!" + " ".join(bad).encode() + b"\n")
        os._exit(0)
    os.write(report, b"=\n")
    evidence = __import__("grace_hook.record").record.Evidence("")
    compile_beside(job)
    gc.freeze()
    path = list(sys.path)[len(job.groups[0]["path"]) if job.groups else 0 :]
    for at, group in enumerate(job.groups):
        job.group = at
        sys.path[:] = [*group["path"], *path]
        Forker(job, watch, evidence).run([as_module(plain) for plain in group["modules"]])
    os._exit(0)


def compile_beside(job: Job) -> None:
    """Keep what is compiled of the tree's own files for the next check: what is written into the tree is not kept."""
    inner: Any = sys.modules.get("_frozen_importlib_external")
    usual = getattr(inner, "cache_from_source", None)
    if usual is None:
        return

    def cache_from_source(path: Any, *args: Any, **options: Any) -> Any:
        if path not in job.files:
            return usual(path, *args, **options)
        own, sys.pycache_prefix = sys.pycache_prefix, job.pycache
        try:
            return usual(path, *args, **options)
        finally:
            sys.pycache_prefix = own

    inner.cache_from_source = cache_from_source


def as_module(plain: Any) -> Module:
    return Module(plain[0], tuple(as_module(member) for member in plain[1]))


def launch(job: Job) -> None:
    """Serve with everything preloaded that can be; what breaks the process is left to each module that wants it."""
    names = job.preload
    for _ in range(PRELOAD_TRIES):
        report, inner = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(report)
                serve(job, names, inner)
            finally:
                os._exit(4)
        os.close(inner)
        served, bad = listen(report, pid)
        os.waitpid(pid, 0)
        os.close(report)
        if served:
            return
        names = [name for name in names if name not in bad] if bad else []


def listen(report: int, pid: int) -> tuple[bool, list[str]]:
    """Wait for the end of a serving process: did it begin, and what should it not have imported?"""
    last, read, until = "", b"", time.monotonic() + PRELOAD_SECONDS
    while True:
        if not select.select([report], [], [], max(0.0, until - time.monotonic()))[0]:
            end(pid)
            return False, [last]
        chunk = os.read(report, 65536)
        if not chunk:
            return False, [last] if last else []
        *lines, read = (read + chunk).split(b"\n")
        for line in lines:
            if line == b"=":
                return True, []
            if line.startswith(b"!"):
                return False, line[1:].decode().split()
            last = line.decode()


def die_with_parent() -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def prctl(option: int, value: int) -> None:
    if LIBRARY is not None and hasattr(LIBRARY, "prctl"):
        LIBRARY.prctl(option, value, 0, 0, 0)


def library() -> Any:
    try:
        import ctypes

        return ctypes.CDLL(None)
    except (ImportError, OSError):  # a Python without it: processes are ended with the group
        return None


LIBRARY = library()


def sweep() -> None:
    """End what modules started and left behind: it has become a child of this process."""
    me = str(os.getpid())
    for entry in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parent = file.read().rpartition(")")[2].split()[1]
            except OSError as error:  # it has ended meanwhile
                if error.errno not in (errno.ENOENT, errno.ESRCH):
                    raise
                continue
            if parent == me:
                end(int(entry))


def main() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    plain = json.loads(sys.stdin.buffer.read())
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    sys.path.insert(0, plain["hook"])
    # Before the tree's own modules could take their place.
    __import__("grace_hook.describe")
    __import__("grace_hook.record")
    sys.path.remove(plain["hook"])
    sys.argv[:] = ["-c"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    warnings.simplefilter("ignore")
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    launch(Job(plain))
    sweep()


if __name__ == "__main__":
    main()
