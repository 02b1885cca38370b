"""A Procfile, as foreman, honcho, overmind and Heroku read it: `name: command` lines, and the `.env` beside it."""

import re
from pathlib import Path

from grace_tui.cli.importing.found import Found, ImportRefused, Process, command_of, read_text, relative

_LINE = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+):\s*(?P<command>\S.*?)\s*$")
_PORT = re.compile(r"^\s*(?:export\s+)?PORT\s*=\s*[\"']?(\d+)", re.MULTILINE)
FIRST_PORT, PORT_STEP = 5000, 100


def read_procfile(path: Path, root: Path) -> Found:
    """The processes of a Procfile, for a workspace in `root`.

    Raises:
        ImportRefused: a line is no process, or a name stands there twice.
    """
    found = Found(path, [])
    env_file = path.parent / ".env"
    port = _first_port(env_file)
    lines: dict[str, int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        form = _LINE.match(line)
        if form is None:
            raise ImportRefused(path, number, f"{_shown(line)} is no process; expected `name: command`")
        name = form["name"]
        if name in lines:
            raise ImportRefused(path, number, f"{name} stands in line {lines[name]} already")
        lines[name] = number
        process = _process(name, form["command"], path.parent, root)
        if env_file.is_file():
            process.keys["env_file"] = relative(env_file, root)
        process.keys["env"] = {"PORT": port + PORT_STEP * len(found.processes)}
        found.processes.append(process)
    if not found.processes:
        raise ImportRefused(path, 0, "has no process; expected lines such as `web: python -m myapp`")
    found.remarks.append("every process has the PORT that foreman would give it; take away the ones that need none")
    found.remarks.append("a process that ends is started again; where one may end, set restart")
    return found


def _process(name: str, line: str, folder: Path, root: Path) -> Process:
    process = Process(name)
    words, needs_shell = command_of(line)
    process.keys["command"] = words
    if needs_shell:
        process.notes.append("a shell runs this one: its line has what only a shell understands")
    cwd = relative(folder, root)
    if cwd != ".":
        process.keys["cwd"] = cwd
    return process


def _first_port(env_file: Path) -> int:
    """foreman counts from the PORT of the .env file."""
    found = _PORT.search(read_text(env_file)) if env_file.is_file() else None
    port = int(found[1]) if found else FIRST_PORT
    return port if 0 < port < 65000 else FIRST_PORT


def _shown(line: str) -> str:
    text = line.strip()
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
