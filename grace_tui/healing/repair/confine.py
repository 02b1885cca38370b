"""Runs one command shut in: `python -I -S confine.py JSON -- COMMAND...`; started by `process.py`, as a file.

A program of its own because limits set between fork and exec would run Python in a forked, multi-threaded process, and
because mounts made here end with the command, whoever is killed. Standard library only. It becomes the command, so that
killing its session kills the command. What could be shut is written to the descriptor `report`, as JSON.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import re
import resource
import signal
import socket
import struct
import sys
from typing import Any

NOT_STARTED = 125
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
# Linux gives system calls after number 424 the same number on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, ATTR_RDONLY = 442, -100, 0x8000, 1
KERNELS_OWN = frozenset({"proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue"})
"""File systems that cannot lie under another; they are shown as they are."""


def main() -> None:
    options, command = json.loads(sys.argv[1]), sys.argv[3:]
    told = shut_in(options)
    if options.get("report"):
        os.write(options["report"], json.dumps(told).encode())
        os.close(options["report"])
    if told.get("error"):
        sys.exit(NOT_STARTED)
    limit(options)
    os.nice(options.get("nice", 0))
    os.execvp(command[0], command)


def shut_in(options: dict[str, Any]) -> dict[str, Any]:
    """Leave what is to be left; says whether there is a network, a user namespace, and why there is no tree."""
    tree, no_network = options.get("tree"), options.get("network") is False
    flags = [*([CLONE_NEWNS] if tree else []), *([CLONE_NEWNET] if no_network else [])]
    left, user = leave(flags)
    die_with(options.get("parent"))  # after: a user namespace makes the system forget it
    if CLONE_NEWNET in left:
        with contextlib.suppress(OSError):
            raise_loopback()
    told = {"network": CLONE_NEWNET not in left, "user": user, "outside": "writable"}
    if tree and CLONE_NEWNS not in left:
        return {**told, "error": "the system gives no mount namespace"}
    if options.get("writable"):
        told["outside"] = "read-only" if write_only_to(options["writable"]) else "writable"
    if tree:
        try:
            told["outside"] = Mounts(tree, user).make()
            os.chdir(tree["folder"])
        except OSError as error:
            return {**told, "error": str(error)}
    return told


def limit(options: dict[str, Any]) -> None:
    limits = {
        resource.RLIMIT_CPU: options.get("cpu_seconds"),
        resource.RLIMIT_AS: options.get("memory_bytes"),
        resource.RLIMIT_FSIZE: options.get("file_bytes"),
        resource.RLIMIT_CORE: 0,
    }
    for which, value in limits.items():
        if value is not None:
            _, hard = resource.getrlimit(which)
            most = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(which, (most, most))


# ---- namespaces


def library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def die_with(parent: int | None) -> None:
    """Be killed when the process that started this one ends, however it ends."""
    libc = library()
    if parent and hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def leave(flags: list[int]) -> tuple[set[int], bool]:
    """Leave the namespaces of these kinds; a user who may not does it from a user namespace of their own.

    Returns what was left, and whether a user namespace was needed.
    """
    libc = library()
    if not hasattr(libc, "unshare"):
        return set(), False
    user, group = os.getuid(), os.getgid()
    left = {flag for flag in flags if libc.unshare(flag) == 0}
    if len(left) == len(flags) or libc.unshare(CLONE_NEWUSER) != 0:
        return left, False
    with contextlib.suppress(OSError):
        write("/proc/self/setgroups", "deny")
    with contextlib.suppress(OSError):
        write("/proc/self/uid_map", f"{user} {user} 1")
        write("/proc/self/gid_map", f"{group} {group} 1")
    # A mount namespace of before is out of reach from here, so each kind is left again.
    return {flag for flag in flags if libc.unshare(flag) == 0}, True


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(door, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(door, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


# ---- files, where there is no view of its own


class Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def write_only_to(folders: list[str]) -> bool:
    """Take away the right to change any file but those below these folders; False where there is no Landlock."""
    libc = library()
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    # Writing, removing and making; moving between folders and cutting files short are known to later versions.
    handled = 0b1111111110010 | (1 << 13 if version >= 2 else 0) | (1 << 14 if version >= 3 else 0)
    rules = Ruleset(handled)
    made = libc.syscall(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(ctypes.sizeof(rules)), ctypes.c_uint32(0))
    for path in folders:
        with contextlib.suppress(OSError):
            rule = PathBeneath(handled, folder(path))
            libc.syscall(ADD_RULE, ctypes.c_int(made), ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.syscall(RESTRICT_SELF, ctypes.c_int(made), ctypes.c_uint32(0)) == 0)


# ---- the tree


class Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace")]


class Mounts:
    """A view of the file system in which everything may be read, and what is written is gone with the command.

    `tree` holds: `root`, what is tried; `layers`, folders with changed files that cover the root, topmost first;
    `scratch`, an empty folder outside the root; `beside`, other folders a program writes to as a matter of course;
    `shared`, folders whose files stay; `hidden`, folders below the root that are shown empty.
    """

    def __init__(self, tree: dict[str, Any], user: bool) -> None:
        self.tree, self.user, self.libc = tree, user, library()
        self.scratch = -1
        self.layers = 0

    def make(self) -> str:
        """Mount it all, outer folders first; says how the rest of the file system is seen."""
        tree, root = self.tree, self.tree["root"]
        beside = [path for path in tree["beside"] if os.path.isdir(path) and not within(path, root)]
        doors = {path: folder(path) for path in (root, *beside, *tree["shared"], *tree["layers"])}
        inner = {path: (kind, os.open(path, os.O_PATH)) for path, kind in mounted_below([root, *beside])}
        self.mount(None, "/", None, MS_REC | MS_PRIVATE)
        outside = self.close_outside()
        self.mount("tmpfs", tree["scratch"], "tmpfs", 0, "mode=0700")
        self.scratch = folder(tree["scratch"])
        for path in sorted({root, *beside, *inner}, key=lambda path: path.count("/")):
            if path == root:
                self.cover(root, [*(doors[layer] for layer in tree["layers"]), doors[root]])
            elif path in inner:
                self.inner(path, *inner[path])
            else:
                with contextlib.suppress(OSError):  # stays as it is: to be read
                    self.cover(path, [doors[path]])
        for path in tree["hidden"]:
            if os.path.isdir(os.path.join(root, path)):
                self.mount("tmpfs", os.path.join(root, path), "tmpfs", 0, "mode=0700")
        if os.path.isdir("/dev/shm"):
            self.mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777")
        for path in tree["shared"]:
            self.mount(f"/proc/self/fd/{doors[path]}", path, None, MS_BIND)
            self.change(path, Attributes(clear=ATTR_RDONLY))
        return outside

    def close_outside(self) -> str:
        """Make all that is mounted read-only; a system older than Linux 5.12 cannot in one go, and is left alone."""
        own = os.path.ismount("/proc") and not os.statvfs("/proc").f_flag & os.ST_RDONLY
        if not self.change("/", Attributes(set=ATTR_RDONLY), AT_RECURSIVE):
            return "writable"
        if own:  # a program that makes namespaces of its own says there who it is
            self.change("/proc", Attributes(clear=ATTR_RDONLY))
        return "read-only"

    def change(self, path: str, attributes: Attributes, how: int = 0) -> bool:
        size = ctypes.c_size_t(ctypes.sizeof(attributes))
        done = self.libc.syscall(MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), how, ctypes.byref(attributes), size)
        return bool(done == 0)

    def inner(self, path: str, kind: str, door: int) -> None:
        """Show again what was mounted below a covered folder: the root's in a layer of its own, the rest to be read."""
        if within(path, self.tree["root"]) and kind not in KERNELS_OWN and os.path.isdir(f"/proc/self/fd/{door}"):
            self.cover(path, [door])
            return
        with contextlib.suppress(OSError):  # beside the root: it is missed by few
            self.mount(f"/proc/self/fd/{door}", path, None, MS_BIND)

    def cover(self, path: str, lower: list[int]) -> None:
        """Mount an overlay: reads go to the descriptors, the first that has the file, writes to the scratch folder.

        Descriptors, because a path may hold what the mount's options would have to escape.
        """
        self.layers += 1
        place = f"/proc/self/fd/{self.scratch}/{self.layers}"
        like = os.stat(f"/proc/self/fd/{lower[-1]}")
        for name in ("upper", "work"):
            os.makedirs(f"{place}/{name}")
        os.chmod(f"{place}/upper", like.st_mode & 0o7777)
        with contextlib.suppress(OSError):
            os.chown(f"{place}/upper", like.st_uid, like.st_gid)
        options = f"lowerdir={':'.join(f'/proc/self/fd/{door}' for door in lower)}"
        options += f",upperdir={place}/upper,workdir={place}/work"
        self.mount("overlay", path, "overlay", 0, options + (",userxattr" if self.user else ""))

    def mount(self, source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
        words = [None if word is None else os.fsencode(word) for word in (source, target, kind, data)]
        done = self.libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3])
        checked(done, f"mounting {kind or 'again'} on {target}")


def folder(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY)


def within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(outer.rstrip("/") + "/")


def mounted_below(folders: list[str]) -> list[tuple[str, str]]:
    """(path, kind) of what is mounted below these folders; of several on one path, the one that is seen."""
    found = {}
    with open("/proc/self/mountinfo", "rb") as lines:
        for line in lines:
            words, _, more = line.partition(b" - ")
            path = os.fsdecode(re.sub(rb"\\(\d{3})", lambda code: bytes([int(code[1], 8)]), words.split()[4]))
            if any(within(path, outer) and path != outer for outer in folders):
                found[path] = more.split()[0].decode()
    return list(found.items())


if __name__ == "__main__":
    main()
