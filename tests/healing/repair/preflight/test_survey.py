"""What becomes of modules that are imported alone, whatever they do meanwhile."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.preflight.causes import ACTS, ENVIRONMENT, INSIDE, SYNTAX, THIRD_PARTY, classed, roots_of
from grace_tui.healing.repair.preflight.modules import bases_of, modules_of
from grace_tui.healing.repair.preflight.survey import Outcome, Survey
from grace_tui.healing.repair.tree import FileTree
from grace_tui.healing.repair.trial import Trial

HOSTILE = {
    "exits": "import sys\nsys.exit(3)\n",
    "ends": "import os\nos._exit(7)\n",
    "hangs": "while True: pass\n",
    "asks": "input('name? ')\n",
    "thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()\n",
    "late": "import atexit, time\natexit.register(time.sleep, 3600)\n",
    "stubborn": "import signal\nfor number in (2, 10, 14, 15):\n    signal.signal(number, signal.SIG_IGN)\n",
    "loud": "import sys\nprint('x' * 1_000_000)\nsys.stdout.close()\n",
    "closes": "import os\nos.closerange(3, 256)\n",
    "writes": "open('written.txt', 'w').write('here')\n",
    "guarded": "if __name__ == '__main__':\n    raise RuntimeError\n",
    "program": "import __main__\nassert not hasattr(__main__, 'launch')\n",
    "calls": "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=5)\n",
    "lonely": "import subprocess\nsubprocess.Popen(['sleep', '3600'], start_new_session=True)\n",
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / (name if name.endswith(".py") else f"{name}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@pytest.fixture
def trial(root: Path) -> Iterator[Trial]:
    trial = Trial(root)
    yield trial
    trial.close()


async def look(trial: Trial, timeout: float = 20.0, preload: tuple[str, ...] = ()) -> dict[str, Outcome]:
    tree = FileTree(trial.root)
    index = Index(tree)
    survey = Survey(trial, sys.executable, 2, timeout, tree.files, preload)
    modules = [module for module in modules_of(index) if not module.apart]
    found = await survey.run(modules, bases_of(index))
    return {name: outcome for (_, name), outcome in found.items()}


async def test_what_a_module_does_stays_with_it(root: Path, trial: Trial) -> None:
    write(root, HOSTILE)
    found = await look(trial, timeout=3.0)
    ended = {name: outcome.ended for name, outcome in found.items()}
    calm = ("thread", "late", "stubborn", "loud", "writes", "guarded", "program", "lonely")
    assert ended == {
        **dict.fromkeys(calm, "imported"),
        "exits": "exited",
        "ends": "died",
        "hangs": "too long",
        "asks": "raised",
        "closes": "died",
        "calls": "raised",
    }
    assert found["exits"].said == "it calls sys.exit(3)"
    assert found["ends"].said == "its process ended with exit code 7"
    assert 'hangs.py", line 1' in found["hangs"].said
    assert not (root / "written.txt").exists()


async def test_members_of_a_package_that_fails_fail_of_the_same_cause(root: Path, trial: Trial) -> None:
    write(root, {"a/__init__": "from a.b import gone\n", "a/b": "", "a/c": "", "d": "import a.c\n", "e": ""})
    found = await look(trial)
    [cause] = roots_of({("", name): outcome for name, outcome in found.items()})
    assert cause.modules == ("a", "a.b", "a.c", "d")
    assert (cause.file, found["a.c"].through, found["e"].ok) == ("a/__init__.py", "a", True)


async def test_members_start_where_a_fresh_import_would(root: Path, trial: Trial) -> None:
    write(
        root,
        {
            "a/__init__": "state = []\n",
            "a/b": "import a\na.state.append(1)\nassert a.state == [1]\n",
            "a/c": "import a\na.state.append(2)\nassert a.state == [2]\n",
        },
    )
    assert all(outcome.ok for outcome in (await look(trial)).values())


async def test_a_package_with_threads_is_imported_anew_for_each_member(root: Path, trial: Trial) -> None:
    thread = "import threading\nevent = threading.Event()\nthreading.Thread(target=event.wait, daemon=True).start()\n"
    write(root, {"a/__init__": thread, "a/b": "import threading\nassert threading.active_count() == 2\n"})
    assert all(outcome.ok for outcome in (await look(trial)).values())


async def test_what_ends_the_whole_check_is_named_and_the_rest_is_looked_at(root: Path, trial: Trial) -> None:
    write(root, {"a": "", "killer": "import os\nos.killpg(0, 9)\n", "z": ""})
    found = await look(trial)
    assert (found["a"].ok, found["z"].ok, found["killer"].ended) == (True, True, "died")


async def test_an_import_from_outside_that_cannot_be_shared_is_left_to_each_module(root: Path, trial: Trial) -> None:
    write(root, {"a": "import antigravity_of_nobody\n", "b": "import json\n", "tests_the_tree": "import b\n"})
    found = await look(trial, preload=("json", "antigravity_of_nobody", "b"))
    assert [name for name, outcome in found.items() if not outcome.ok] == ["a"]
    assert found["tests_the_tree"].ran == {"b.py", "tests_the_tree.py"}


async def test_each_failure_is_of_a_class(root: Path, trial: Trial) -> None:
    write(
        root,
        {
            "p/__init__": "",
            "p/gone": "from p import nothing\n",
            "p/torn": "def f(:\n",
            "p/outside": "import antigravity_of_nobody\n",
            "p/yaml_user": "import somebody_elses.yaml\n",
            "p/variable": "import os\nos.environ['NO_SUCH_VARIABLE']\n",
            "p/file": "open('/no/such/file')\n",
            "p/windows": "import sys\nif sys.platform != 'win32':\n    raise ImportError('only on Windows')\n",
            "p/exits": "raise SystemExit\n",
        },
    )
    found = await look(trial)
    index = Index(FileTree(root))
    causes = roots_of({("", name): outcome for name, outcome in found.items()})
    roots = await asyncio.to_thread(classed, causes, index, sys.version_info[:3])
    assert {root.outcome.module.name: root.kind for root in roots} == {
        "p.gone": INSIDE,
        "p.torn": SYNTAX,
        "p.outside": THIRD_PARTY,
        "p.yaml_user": THIRD_PARTY,
        "p.variable": ENVIRONMENT,
        "p.file": ENVIRONMENT,
        "p.windows": ENVIRONMENT,
        "p.exits": ACTS,
    }


def test_programs_and_what_belongs_to_a_framework_are_told_apart(root: Path) -> None:
    apart = [
        "a/__main__.py",
        "setup.py",
        "docs/conf.py",
        "tests/conftest.py",
        "a/migrations/0001_initial.py",
        "json.py",
    ]
    write(root, {"a/__init__": "", "a/migrations/__init__": "", "a/b": "", **dict.fromkeys(apart, "")})
    modules = modules_of(Index(FileTree(root)))
    assert {module.path for module in modules if module.apart} == set(apart)
    assert {module.name for module in modules if not module.apart} == {"a", "a.b", "a.migrations"}
