"""What a bundle says of the host, the process and the software, and the cleaning of data before it is written.

Called in the evidence's thread: measuring takes a tenth of a second.
"""

import os
import platform
import sys
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path

import msgspec
import psutil

import grace_tui
from grace_tui.kernel.redact import redact_value

CPU_SECONDS = 0.1


def resources(root: Path) -> dict[str, object]:
    """Host and process, measured now."""
    process = psutil.Process()
    process.cpu_percent()
    host_cpu = psutil.cpu_percent(interval=CPU_SECONDS)
    with process.oneshot():
        memory = process.memory_info()
        own: dict[str, object] = {
            "pid": process.pid,
            "cpu_percent": process.cpu_percent(),
            "rss_bytes": memory.rss,
            "threads": process.num_threads(),
            "open_files": process.num_fds() if hasattr(process, "num_fds") else None,
            "started_at": process.create_time(),
        }
    available, disk = psutil.virtual_memory(), psutil.disk_usage(str(root))
    host: dict[str, object] = {
        "cpu_percent": host_cpu,
        "cpus": os.cpu_count(),
        "load": psutil.getloadavg(),
        "memory_total_bytes": available.total,
        "memory_available_bytes": available.available,
        "disk_total_bytes": disk.total,
        "disk_free_bytes": disk.free,
    }
    return {"host": host, "process": own}


@lru_cache(maxsize=1)
def versions() -> dict[str, object]:
    packages = sorted({(found.name, found.version) for found in distributions()})
    return {
        "grace_tui": grace_tui.__version__,
        "python": sys.version,
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "packages": dict(packages),
    }


def clean(value: object) -> object:
    """Plain data with every secret taken out; what JSON has no word for becomes its text."""
    return redact_value(msgspec.to_builtins(value, enc_hook=str, str_keys=True))
