"""Stand-ins for modules, in a Python of their own: the real module and nothing else, whoever asks for it and how."""

import subprocess
import sys
from pathlib import Path

import pytest

from grace_tui.healing.repair.imports.shims import alias, package_alias

STORE = """_OPEN = []


class Row:
    pass


if __name__ == "__main__":
    print("run as", __package__)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "app/__init__.py": "",
        "app/store.py": alias("app.store", "app.data.store", runs=True),
        "app/rows.py": package_alias("app.rows", "app.data.rows", runs=True),
        "app/data/__init__.py": "",
        "app/data/store.py": STORE,
        "app/data/rows/__init__.py": "COUNT = []\n",
        "app/data/rows/deep/__init__.py": "",
        "app/data/rows/deep/one.py": "from ..two import SEEN\n\nclass One:\n    pass\n",
        "app/data/rows/two.py": "SEEN = []\n",
        "app/data/rows/__main__.py": "from . import two\n\nprint('run as', __package__, two.__name__)\n",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def python(root: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import app.store, app.data.store as new; assert app.store is new", id="same-object"),
        pytest.param(
            "from app.store import _OPEN; from app.data.store import _OPEN as n; assert _OPEN is n", id="private"
        ),
        pytest.param("from app import store; import app.data.store as new; assert store is new", id="from-package"),
        pytest.param(
            "import app.data.store as new; import app.store as old; new._OPEN = 1; assert old._OPEN == 1",
            id="one-state",
        ),
        pytest.param("import app.rows.two, app.data.rows.two as new; assert app.rows.two is new", id="submodule"),
        pytest.param(
            "import app.rows.deep.one as old, app.data.rows.deep.one as new; assert old is new", id="nested-submodule"
        ),
        pytest.param(
            "import app.data.rows.two as new; from app.rows.two import SEEN; assert SEEN is new.SEEN",
            id="real-one-first",
        ),
        pytest.param(
            "import pickle, app.data.store as s; assert pickle.loads(b'capp.store\\nRow\\n.') is s.Row", id="old-pickle"
        ),
        pytest.param(
            "import pickle, app.store as s; assert type(pickle.loads(pickle.dumps(s.Row()))) is s.Row", id="new-pickle"
        ),
        pytest.param(
            "import importlib, app.store as s; assert importlib.reload(s) is s is importlib.import_module('app.store')",
            id="reload",
        ),
        pytest.param(
            "import importlib, app.rows.two as t; assert importlib.reload(t).__spec__.name == 'app.data.rows.two'",
            id="reload-of-a-submodule",
        ),
        pytest.param(
            "import app.rows as r, pkgutil; assert 'two' in [m.name for m in pkgutil.iter_modules(r.__path__)]",
            id="listing",
        ),
    ],
)
def test_a_stand_in_is_the_real_module(root: Path, code: str) -> None:
    python(root, "-c", code)


def test_a_stand_in_runs_the_real_module_as_main(root: Path) -> None:
    assert python(root, "-m", "app.store") == "run as app.data"
    assert python(root, "-m", "app.rows") == "run as app.data.rows app.data.rows.two"


def test_a_submodule_that_is_nowhere_is_told_as_missing(root: Path) -> None:
    code = "try:\n    import app.rows.nothing\nexcept ModuleNotFoundError as error:\n    print(error.name)"
    assert python(root, "-c", code) == "app.data.rows.nothing"


@pytest.mark.parametrize("first", ["app.rows", "app.data.rows", "app.rows.two"])
def test_a_package_that_asks_for_itself_by_its_old_name_while_it_loads_is_one(root: Path, first: str) -> None:
    package = (
        "COUNT = []\nfrom app.rows import COUNT as mine\nfrom app.rows.two import SEEN\nimport app.rows.deep.one\n"
    )
    (root / "app/data/rows/__init__.py").write_text(package)
    code = (
        f"import {first}, app.rows as old, app.data.rows as new, app.data.rows.two as two\n"
        "assert old is new and new.mine is new.COUNT and new.SEEN is two.SEEN and old.deep is new.deep"
    )
    python(root, "-c", code)
