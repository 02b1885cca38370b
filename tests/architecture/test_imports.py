"""The direction of imports, proven in fresh interpreters and by the contracts in pyproject.toml."""

import ast
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.project import ROOT, declared, sources

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
IMPORT_ALL = """
import importlib, pkgutil, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(found.name)
print("\\n".join(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def modules_after_importing(*packages: str) -> set[str]:
    """Top-level modules that a fresh interpreter loads to import every module of `packages`."""
    words = [sys.executable, "-c", IMPORT_ALL, *packages]
    found = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, env=ENVIRONMENT)
    return set(found.stdout.split())


def test_core_imports_no_screen() -> None:
    loaded = modules_after_importing("grace_tui.kernel", "grace_tui.runtime", "grace_tui.healing")
    assert "grace_tui" in loaded
    assert not loaded & {"textual", "rich", "kernels"}


def test_kernel_api_imports_nothing_third_party() -> None:
    installed = set(packages_distributions())
    assert "msgspec" in installed
    assert modules_after_importing("grace_tui.kernel") & installed <= {"grace_tui", "kernels"}


def test_import_contracts_hold() -> None:
    command = Path(sysconfig.get_path("scripts")) / "lint-imports"
    found = subprocess.run([command, "--no-cache"], capture_output=True, text=True, cwd=ROOT, env=ENVIRONMENT)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("package", ["grace_tui", "kernels", "tests/kernels"])  # kernels' tests gate repairs
def test_every_third_party_import_is_declared(package: str) -> None:
    needed = declared("dependencies")
    for file in sources(package):
        for module in third_party_imports(file):
            homes = {name.lower().replace("_", "-") for name in packages_distributions().get(module, [])}
            assert homes & needed, (
                f"{file}: {module} comes from {homes or 'nowhere'}, which pyproject.toml does not list"
            )


def third_party_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                found = [module]
            case _:
                continue
        for name in found:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in ("grace_tui", "kernels", "tests"):
                yield top
