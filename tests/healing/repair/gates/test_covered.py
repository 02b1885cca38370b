"""Recorded coverage tells which tests run a file, also where no import does."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from grace_tui.healing.repair.gates.covered import covering

FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": "def price(name):\n    return len(name)\n",
    "shop/stock.py": "def left(name):\n    return 3\n",
    "tests/__init__.py": "",
    "tests/test_by_name.py": (
        "import importlib\n\n\ndef test_price():\n    assert importlib.import_module('shop.prices').price('tea') == 3\n"
    ),
    "tests/test_stock.py": "from shop.stock import left\n\n\ndef test_left():\n    assert left('tea') == 3\n",
    ".coveragerc": "[run]\ndynamic_context = test_function\nsource = shop\n",
}
MODULES = {"tests.test_by_name": "tests/test_by_name.py", "tests.test_stock": "tests/test_stock.py"}


def recorded(root: Path) -> Path:
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    run = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    subprocess.run(run, cwd=root, check=True, capture_output=True)
    return root


def test_the_tests_that_ran_a_file_are_found_although_nothing_imports_it(tmp_path: Path) -> None:
    root = recorded(tmp_path)
    assert covering(root, ["shop/prices.py"], MODULES) == {"tests/test_by_name.py": 1}
    assert covering(root, ["shop/stock.py"], MODULES) == {"tests/test_stock.py": 1}


def test_contexts_of_pytest_cov_name_the_file_themselves(tmp_path: Path) -> None:
    root = recorded(tmp_path)
    with sqlite3.connect(root / ".coverage") as book:
        named = ("tests/test_stock.py::test_left|run", "tests.test_stock.test_left")
        book.execute("UPDATE context SET context = ? WHERE context = ?", named)
    book.close()
    assert covering(root, ["shop/stock.py"], {}) == {"tests/test_stock.py": 1}


def test_without_a_record_or_with_a_broken_one_nothing_is_known(tmp_path: Path) -> None:
    assert not covering(tmp_path, ["shop/stock.py"], MODULES)
    (tmp_path / ".coverage").write_bytes(b"not a database")
    assert not covering(tmp_path, ["shop/stock.py"], MODULES)
