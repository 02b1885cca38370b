"""`knowledge` without a room: a fix learned in one tree heals another, through a file whose key is trusted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grace_tui.cli import run
from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.heal import home_of
from grace_tui.healing.repair.knowledge import Knowledge
from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from grace_tui.healing.repair.process import PACKAGE_HOME
from tests.cli.fake_room import FakeRoom, Shell

BEFORE = "def f(a):\n    return a\n"
AFTER = "def f(a, b=None):\n    return a, b\n"
PATCH = Patch("unexpected_keyword", Site("p", "lib.py", "f", "b"), "f accepts b", (FileEdit("lib.py", BEFORE, AFTER),))
FAILURE = Failure("", "run", "TypeError", "f() got an unexpected keyword argument 'b'", ())


class Machine:
    """A user's home with a tree in it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.tree, self.monkeypatch = root, root / "work" / "tree", monkeypatch
        self.tree.mkdir(parents=True)

    def be(self) -> "Machine":
        """Be on this machine from here on."""
        self.monkeypatch.setenv("XDG_STATE_HOME", str(self.root / "state"))
        self.monkeypatch.setenv("XDG_CACHE_HOME", str(self.root / "cache"))
        return self

    @property
    def knowledge(self) -> Knowledge:
        return Knowledge(home_of(self.tree).knowledge, "tree")


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Machine, Machine]:
    return Machine(tmp_path / "one", monkeypatch), Machine(tmp_path / "two", monkeypatch)


@pytest.fixture
def exported(machines: tuple[Machine, Machine], tmp_path: Path) -> Path:
    """A file that the first machine made; the second one is what follows."""
    one, two = machines
    one.be().knowledge.learn("sig", FAILURE, PATCH, "H1")
    assert run(["knowledge", "export", str(tmp_path / "fixes.json"), "--root", str(one.tree)]) == 0
    two.be()
    return tmp_path / "fixes.json"


def key_of(file: Path) -> str:
    return str(json.loads(file.read_text())["header"]["fingerprint"])


def test_fixes_of_a_tree_are_listed_and_told(machines: tuple[Machine, Machine], capsys: Any) -> None:
    one = machines[0].be()
    one.knowledge.learn("sig", FAILURE, PATCH, "H1")
    (one.tree / "lib.py").write_text(f"# mine\n{BEFORE}")
    assert run(["knowledge", "list", "--root", str(one.tree)]) == 0
    assert "unexpected_keyword" in capsys.readouterr().out
    assert run(["knowledge", "show", "si", "--root", str(one.tree)]) == 0
    said = capsys.readouterr().out
    assert "lib.py: def f says what it said then" in said
    assert "now: it would apply, and passes every gate again first" in said
    assert "helped by H1: learned" in said
    assert "trusted: confidence 0.67" in said
    assert run(["knowledge", "list", "--user"]) == 0
    assert run(["knowledge", "forget", "sig", "--root", str(one.tree)]) == 0
    assert one.knowledge.all() == ([], [])


def test_a_key_has_to_be_trusted_and_is_remembered(
    machines: tuple[Machine, Machine], exported: Path, capsys: Any
) -> None:
    two = machines[1]
    tree = ["--root", str(two.tree)]
    assert run(["knowledge", "import", str(exported), *tree]) == 1
    said = capsys.readouterr().err
    assert f"is signed by {key_of(exported)}" in said
    assert f"--trust {key_of(exported)}" in said
    assert two.knowledge.all() == ([], [])
    assert run(["knowledge", "import", str(exported), "--trust", "SHA256:other", *tree]) == 1
    assert f"--trust SHA256:other: the file is signed by {key_of(exported)}" in capsys.readouterr().err
    assert run(["knowledge", "import", str(exported), "--trust", key_of(exported), *tree]) == 0
    assert two.knowledge.named("sig").imported_from == key_of(exported)
    assert run(["knowledge", "import", str(exported), "--user"]) == 0


def test_a_tampered_file_is_refused_with_what_is_wrong(
    machines: tuple[Machine, Machine], exported: Path, capsys: Any
) -> None:
    exported.write_text(exported.read_text().replace("return a, b", "return exec(b)"))
    asked = ["knowledge", "import", str(exported), "--root", str(machines[1].tree), "--trust", key_of(exported)]
    assert run(asked) == 1
    assert "sig was changed after it was signed" in capsys.readouterr().err
    assert machines[1].knowledge.all() == ([], [])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "none", "--user"], 1, "nothing is remembered for 'none'"),
        (["list", "--user", "--root", "."], 2, "say --root or --user, not both"),
        (["import", "gone.json", "--user"], 1, "gone.json: No such file"),
        (["export", "/proc/none/x", "--user"], 2, "/proc/none/x"),
    ],
)
def test_a_wrong_call_says_so(
    machines: tuple[Machine, Machine], capsys: Any, words: list[str], code: int, said: str
) -> None:
    machines[0].be()
    assert run(["knowledge", *words]) == code
    assert said in capsys.readouterr().err


HEAL = (sys.executable, "-m", "grace_tui", "heal", "--json")
PROGRAM = "from lib import f\n\nprint(f(1, b=2))\n"


def test_a_fix_learned_on_one_machine_heals_another_whose_tree_lies_elsewhere(
    machines: tuple[Machine, Machine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = machines
    rest = "\n\ndef g():\n    return {'a': 1}\n"
    library = "def f(a):\n    return {'a': a}\n"
    monkeypatch.setenv("PYTHONPATH", PACKAGE_HOME)

    def heal(machine: Machine) -> dict[str, Any]:
        done = subprocess.run(
            [*HEAL, "--root", ".", "--", sys.executable, "main.py"],
            cwd=machine.be().tree,
            capture_output=True,
            text=True,
            check=False,
        )
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    for machine, text in ((one, library), (two, f"# another file\n{library}{rest}")):
        (machine.tree / "lib.py").write_text(text)
        (machine.tree / "main.py").write_text(PROGRAM)
    first = heal(one)
    assert (first["healed"], first["known"]) == (True, False)
    assert run(["knowledge", "export", str(tmp_path / "f.json"), "--root", str(one.tree)]) == 0
    two.be()
    asked = ["--root", str(two.tree), "--trust", key_of(tmp_path / "f.json")]
    assert run(["knowledge", "import", str(tmp_path / "f.json"), *asked]) == 0
    second = heal(two)
    assert (second["healed"], second["known"]) == (True, True)
    assert [gate["name"] for gate in second["attempts"][0]["gates"]][-1] == "tests"
    assert (two.tree / "lib.py").read_text().endswith(rest)
    (fix,) = two.knowledge.all()[0]
    assert (fix.proven_here, fix.successes) == (True, 1)
    assert subprocess.run([*HEAL[:-1], "undo"], cwd=two.tree, check=False).returncode == 0
    assert not two.knowledge.named(fix.signature).trusted


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["forget", "sig"], ("knowledge.forget", {"id": "sig"})),
        (["export", "/tmp/x.json", "sig"], ("knowledge.export", {"name": "/tmp/x.json", "signatures": ["sig"]})),
    ],
)
def test_the_room_is_asked_where_neither_tree_nor_user_is_named(
    room: FakeRoom, grace: Shell, words: list[str], asked: tuple[str, dict[str, object]]
) -> None:
    room.says(asked[0], {}, text="done")
    assert grace("-w", str(room.workspace.root), "knowledge", *words) == 0
    assert room.asked == [asked]
