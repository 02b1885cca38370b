"""What a bundle says of the host, the process and the software, and the cleaning of data before it is written.

Called in the evidence's thread; nothing here waits for a measurement.
"""

import os
import platform
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec
import psutil

import grace_tui
from grace_tui.kernel.redact import redact_value


def resources(root: Path) -> dict[str, object]:
    """Host and process as they are now; shares of the processor are since the last time that somebody asked."""
    process = _of_this_process()
    with process.oneshot():
        memory = process.memory_info()
        own: dict[str, object] = {
            "pid": process.pid,
            "cpu_percent": process.cpu_percent(None),
            "rss_bytes": memory.rss,
            "threads": process.num_threads(),
            "open_files": process.num_fds() if hasattr(process, "num_fds") else None,
            "started_at": process.create_time(),
        }
    memory_of_all, disk = psutil.virtual_memory(), psutil.disk_usage(str(root))
    host: dict[str, object] = {
        "cpu_percent": psutil.cpu_percent(None),
        "cpus": os.cpu_count(),
        "load": psutil.getloadavg(),
        "memory_total_bytes": memory_of_all.total,
        "memory_available_bytes": memory_of_all.available,
        "disk_total_bytes": disk.total,
        "disk_free_bytes": disk.free,
    }
    return {"host": host, "process": own}


@lru_cache(maxsize=1)
def _of_this_process() -> psutil.Process:
    return psutil.Process()


@lru_cache(maxsize=1)
def versions() -> dict[str, object]:
    return {
        "grace_tui": grace_tui.__version__,
        "python": sys.version,
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "packages": dict(sorted(_packages())),
    }


def _packages() -> Iterator[tuple[str, str]]:
    """Name and version of what is installed, by the names of its folders: reading each one's description is slow."""
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:  # a zip, or a folder that is not there
            continue
        for name in names:
            if name.endswith(".dist-info"):
                package, _, version = name.removesuffix(".dist-info").rpartition("-")
                yield package, version


def clean(value: object) -> object:
    """Plain data with every secret taken out; what JSON has no word for becomes its text."""
    return redact_value(msgspec.to_builtins(value, enc_hook=str, str_keys=True))
