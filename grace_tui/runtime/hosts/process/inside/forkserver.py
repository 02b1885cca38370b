"""A small process that makes the kernels' processes: it has imported what they need, and forks them in milliseconds.

It runs no kernel code, has one thread, and is told one thing: fork, with the ends of the new child's line and output.
It tells the room each child's pid, and how it ended. At the end of its line, which is the end of the room, it kills
every child with all that the child started.

The children have one more safeguard: the system kills them when this process goes, whatever they are doing.
"""

import ctypes
import faulthandler
import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable

from grace_tui.runtime.hosts.frames import framed
from grace_tui.runtime.hosts.process.exits import oom_kills
from grace_tui.runtime.hosts.process.fatal import SHOW_STACK
from grace_tui.runtime.hosts.process.words import TOKEN
from grace_tui.runtime.hosts.wire import encode_words

PR_SET_PDEATHSIG = 1
BROKEN = 70
"""Exit code of a child that ended by a defect of ours, or came too late: EX_SOFTWARE."""


def serve(control: socket.socket, be_child: Callable[[int], None]) -> None:
    """Fork on request until the room is gone; `be_child` never returns."""
    Forkserver(control, be_child).serve()


class Forkserver:
    def __init__(self, control: socket.socket, be_child: Callable[[int], None]) -> None:
        self.control, self.be_child = control, be_child
        self.children: set[int] = set()
        self.killed_for_memory = oom_kills() or 0
        self.woken, self.waker = socket.socketpair()

    def serve(self) -> None:
        for end in (self.woken, self.waker):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, _noted)
        signal.set_wakeup_fd(self.waker.fileno(), warn_on_full_buffer=False)
        # What is here now is shared with every child; a collection there must not copy it.
        gc.collect()
        gc.freeze()
        with selectors.DefaultSelector() as ready:
            ready.register(self.control, selectors.EVENT_READ, self._fork)
            ready.register(self.woken, selectors.EVENT_READ, self._reap)
            going = True
            while going:
                going = all(key.data() for key, _ in ready.select())
        self._end()

    def _fork(self) -> bool:
        """Take one request; False at the end of the room."""
        try:
            request, fds, _, _ = socket.recv_fds(self.control, TOKEN, 3)
        except OSError:
            return False
        if not request:
            return False
        number = int.from_bytes(request, "big")
        mine = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            told = self._tell("refused", number, error.strerror or str(error))
        else:
            if pid == 0:
                self._be_child(mine, *fds)
            self.children.add(pid)
            told = self._tell("forked", number, pid)
        for fd in fds:
            os.close(fd)
        return told

    def _reap(self) -> bool:
        self.woken.recv(1024)
        while self.children:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            self.children.discard(pid)
            seconds, rss = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            if not self._tell("ended", pid, os.waitstatus_to_exitcode(status), self._for_memory(), seconds, rss):
                return False
        return True

    def _for_memory(self) -> bool:
        """Whether the system killed for memory since this was last asked."""
        before, self.killed_for_memory = self.killed_for_memory, oom_kills() or 0
        return self.killed_for_memory > before

    def _tell(self, *words: object) -> bool:
        try:
            self.control.sendall(framed(encode_words(words, "forkserver")))
        except OSError:
            return False
        return True

    def _end(self) -> None:
        for pid in self.children:
            kill_group(pid)

    def _be_child(self, parent: int, line: int, out: int, err: int) -> None:
        """Turn this fork into a kernel's process; nothing of the forkserver may run in it any more."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()  # a group of its own: killed as a whole, and out of reach of the terminal's Ctrl-C
            die_with(parent)
            for end in (self.control, self.woken, self.waker):
                end.close()
            redirect(out, err)
            self.be_child(line)
        except BaseException:  # a defect of ours; its words go where the kernel's would
            traceback.print_exc()
        finally:
            os._exit(BROKEN)


def redirect(out: int, err: int) -> None:
    """Let this process print into these pipes, and a fatal error of the interpreter say where it was."""
    for fd, standard in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(fd, standard)
        os.close(fd)
    # New ones: those of the forkserver have made up their minds about what they write to.
    sys.stdout = open(1, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    faulthandler.enable(sys.stderr, all_threads=False)
    faulthandler.register(SHOW_STACK, sys.stderr, all_threads=False)


def die_with(parent: int) -> None:
    """Have the system kill this process when its parent goes. Elsewhere than on Linux the end of the line does it."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before the system knew
        os._exit(BROKEN)


def kill_group(pid: int) -> None:
    """Kill a child and all that it started; one that has not made its group yet is killed alone."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _noted(number: int, frame: object) -> None:
    """Only the wake-up through the socket matters."""
