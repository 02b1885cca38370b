"""Runs inside the sandbox's own process: gives up rights one by one, and then becomes the program to run.

Started as `python -I -S launcher.py JSON PROGRAM ARGUMENT…` by the sandbox kernel; standard library only. The JSON
holds `cpu_seconds`, `memory_bytes`, `file_bytes`, `processes` (or null), and `readable` and `writable`: lists of paths,
or null to leave the files alone. Exit code 125: a right could not be given up, so the program was not started.
"""

import ctypes
import json
import os
import resource
import sys
from collections.abc import Iterable, Mapping
from typing import Any

NOT_STARTED = 125

# Linux gives system calls after number 424 the same number on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
PATH_BENEATH = 1
NO_NEW_PRIVILEGES = 38
EXECUTE, WRITE, READ, LIST = 1, 1 << 1, 1 << 2, 1 << 3
TRUNCATE = 1 << 14
# Rights by the version of Landlock that first knew them.
RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: TRUNCATE}


class RulesetAttributes(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def main(arguments: list[str]) -> None:
    told, program = json.loads(arguments[0]), arguments[1:]
    if os.getpid() == 1:
        stand_in_for_init()
    try:
        if told["writable"] is not None:
            confine(told["readable"], told["writable"])
        limit(told)
        os.execvp(program[0], program)
    except OSError as error:
        print(f"the sandbox could not start {program[0]}: {error}", file=sys.stderr)
        sys.exit(NOT_STARTED)


def stand_in_for_init() -> None:
    """Go on in a child: the first process of a namespace ignores signals, and its end is the end of all others."""
    child = os.fork()
    if child == 0:
        return
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def limit(told: Mapping[str, Any]) -> None:
    """Lower the limits for good: a program cannot raise them again."""
    limits = {
        resource.RLIMIT_CPU: told["cpu_seconds"],
        resource.RLIMIT_AS: told["memory_bytes"],
        resource.RLIMIT_FSIZE: told["file_bytes"],
        resource.RLIMIT_NPROC: told["processes"],
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in limits.items():
        if value is None:
            continue
        _, hard = resource.getrlimit(which)
        lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (lowered, lowered))


def confine(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Take away all files but those below the given paths, with Landlock.

    Raises:
        OSError: the system has no Landlock, or it is switched off.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = _checked(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION)))
    handled = sum(rights for known, rights in RIGHTS.items() if known <= version)
    attributes = RulesetAttributes(handled)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    ruleset = _checked(libc.syscall(CREATE_RULESET, ctypes.byref(attributes), size, ctypes.c_uint32(0)))
    for path in readable:
        _allow(libc, ruleset, path, EXECUTE | READ | LIST)
    for path in writable:
        _allow(libc, ruleset, path, handled)
    _checked(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(libc.syscall(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    if not os.path.exists(path):
        return
    if not os.path.isdir(path):
        # Landlock refuses a folder's rights on a file.
        rights &= EXECUTE | WRITE | READ | TRUNCATE
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = PathBeneath(rights, place)
    _checked(
        libc.syscall(
            ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0)
        )
    )
    os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    main(sys.argv[1:])
