"""The names that conditions and texts of playbooks may use, with a sample of each value.

The room fills in the values of the moment; `attempts` and `run` are the engine's.
"""

import functools

from grace_tui.healing.condition_form import Names
from grace_tui.healing.conditions import Condition

NAMES: Names = {
    "incident": {
        "id": "",
        "kernel": "",
        "kind": "",
        "phase": "",
        "state": "",
        "title": "",
        "message": "",
        "count": 0,
        "rate": 0.0,
        "owner": "",
        "provider": "",
        "signature": "",
        "coarse": "",
        "route": "",
    },
    "kernel": {
        "name": "",
        "state": "",
        "critical": False,
        "tier": 0,
        "restarts": 0,
        "window_restarts": 0,
        "budget": 0,
        "beat_age": 0.0,
        "isolation": "",
        "moved": False,
        "group": "",
        "queue": 0,
        "cpu_percent": 0.0,
        "rss_mb": 0.0,
        "waits_for": (),
    },
    "host": {"cpu_percent": 0.0, "memory_percent": 0.0, "disk_percent": 0.0, "load": 0.0},
    "facts": {"*": None, "value": None, "threshold": None, "unit": ""},
    "attempts": 0,
    "agent": {"name": "", "state": ""},
    "healer": {"name": "", "state": ""},
    "run": {"id": "", "failure": "", "done": ""},
}


@functools.lru_cache(maxsize=1000)
def judged(text: str) -> Condition:
    """A condition of a playbook.

    Raises:
        BadCondition: it cannot be used as it is written.
    """
    return Condition(text, NAMES)
