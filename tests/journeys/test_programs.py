"""What a person does who has a Procfile: import it, open the room, drive the programs, and close it."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.terminals import Terminals

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PROCFILE = """\
ticker: while true; do echo tick; sleep 0.05; done
sleeper: sleep 1000
"""


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    (tmp_path / "Procfile").write_text(PROCFILE)
    # A socket's name is short; a test's folder need not be.
    with tempfile.TemporaryDirectory(prefix="grace-") as home:
        found = Terminals(Path(home), tmp_path)
        try:
            yield found
        finally:
            found.close()


def test_a_procfile_becomes_a_room_of_programs(terminals: Terminals) -> None:
    made = terminals.run("new", ".", "--from-procfile", "Procfile", "--bare")
    assert made.returncode == 0, made.stderr
    assert terminals.run("up", "--detach").returncode == 0
    assert terminals.status("--wait", "running=2")["total"] == 2
    logs = terminals.run("kernel", "logs", "ticker", "-n", "1")
    assert logs.stdout.endswith("stdout  tick\n")
    restarted = terminals.run("kernel", "restart", "sleeper", "ticker", "--wait", "20")
    assert (restarted.returncode, restarted.stderr) == (0, "sleeper is running\nticker is running\n")
    file = terminals.root / "grace.toml"
    file.write_text(file.read_text() + '\n[kernels.once]\ncommand = ["true"]\nrestart = "transient"\n')
    assert terminals.status("--wait", "completed=1")["running"] == 2
    stopped = terminals.run("kernel", "stop", "ticker", "--wait", "20")
    assert stopped.returncode == 0, stopped.stderr
    found = {kernel["name"]: kernel for kernel in json.loads(terminals.run("kernel", "list", "--json").stdout)}
    assert {name: kernel["state"] for name, kernel in found.items()} == {
        "ticker": "stopped",
        "sleeper": "running",
        "once": "completed",
    }
    assert terminals.run("down").returncode == 0
