"""Runs one command under limits: `python -I -S confine.py JSON -- COMMAND...`; started by `process.py`, as a file.

A program of its own because limits set between fork and exec would run Python in a forked, multi-threaded process.
It uses the standard library only and becomes the command, so that killing its session kills the command.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import socket
import struct
import sys

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def main() -> None:
    options, command = json.loads(sys.argv[1]), sys.argv[3:]
    limit(options)
    os.nice(options.get("nice", 0))
    removed = options.get("network") is False and leave_network()
    if options.get("probe"):
        print("none" if removed else "shared")
        return
    os.execvp(command[0], command)


def limit(options: dict[str, int]) -> None:
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


def leave_network() -> bool:
    """Move into a network of one loopback device; False where the system does not allow it."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        return False
    if libc.unshare(CLONE_NEWNET) != 0:
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            return False
        with contextlib.suppress(OSError):
            write("/proc/self/setgroups", "deny")
            write("/proc/self/uid_map", f"{user} {user} 1")
            write("/proc/self/gid_map", f"{group} {group} 1")
    with contextlib.suppress(OSError):
        raise_loopback()
    return True


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(door, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(door, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
