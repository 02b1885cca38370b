"""The environment a program gets: the room's own, then its files, then its table, then what Grace tells it."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from grace_tui.runtime.hosts.command.errors import CommandUnusable
from grace_tui.runtime.hosts.command.spec import CommandSpec

ROOM = "GRACE_ROOM"
"""`MARK/KERNEL` in every process that descends from a room's program, whatever group or parent it has by then."""

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.DOTALL)
_QUOTED = re.compile(r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)")\s*(?:#.*)?""", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def environment(spec: CommandSpec, root: Path, kernel: str, mark: str) -> dict[str, str]:
    """Raises CommandUnusable where a file of it cannot be read, with its line where a line is wrong."""
    # A program that buffers its output would tell of a failure long after it.
    env = {"PYTHONUNBUFFERED": "1", **os.environ}
    for name in spec.env_files:
        env.update(read_env_file(root / name))
    env.update(spec.env)
    return {**env, "GRACE_KERNEL": kernel, "GRACE_REPLICA": str(spec.replica), ROOM: f"{mark}/{kernel}"}


def read_env_file(path: Path) -> Mapping[str, str]:
    """Read NAME=value lines: `export`, quotes, comments and empty lines are allowed."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandUnusable(f"the env file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandUnusable(f"the env file {path} is not UTF-8 text") from None
    return dict(_entries(text, path))


def _entries(text: str, path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(stripped)
        value = _value(found[2]) if found else None
        if found is None or value is None or "\0" in value:
            # The line itself stays out of the text: it may hold a secret.
            raise CommandUnusable(f"{path}:{number}: expected NAME=value, the value bare or in one pair of quotes")
        yield found[1], value


def _value(text: str) -> str | None:
    """The value as meant; None where its quotes do not close."""
    if text[:1] not in ("'", '"'):
        return re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    found = _QUOTED.fullmatch(text)
    if found is None:
        return None
    if found[1] is not None:
        return found[1]
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), found[2], flags=re.DOTALL)
