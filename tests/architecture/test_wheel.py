"""The wheel has everything that a new workspace is made of, and works where nothing else of the project is."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.architecture.project import ROOT, sources


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(words, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `grace-tui` of a fresh environment that has the wheel, and borrows its dependencies from this one."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    site = home / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    words = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--quiet", str(wheel)]
    subprocess.run([*words, "--disable-pip-version-check", "--no-index"], check=True)
    return home / "bin" / "grace-tui"


@pytest.mark.slow
def test_wheel_has_kernels_and_themes(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("kernels", "tests/kernels"):
        for file in sources(folder):
            assert f"grace_tui/shipped/{file.relative_to(ROOT)}" in names
    assert any(name.startswith("grace_tui/shipped/themes/") and name.endswith(".toml") for name in names)
    assert {"grace_tui/py.typed", "grace_tui/healing/repair/patch.py"} <= names
    hook = "grace_tui/healing/hook"  # goes on other programs' path as it stands
    assert {f"{hook}/sitecustomize.py", f"{hook}/grace_hook/__init__.py", f"{hook}/grace_hook/in_pytest.py"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", "kernels/"))]


@pytest.mark.slow
def test_installed_wheel_makes_a_workspace(installed: Path, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    made = subprocess.run(
        [installed, "new", str(tmp_path / "mine")], capture_output=True, text=True, env=clean, cwd=tmp_path
    )
    assert made.returncode == 0, made.stderr
    kernels = {file.relative_to(ROOT) for file in sources("kernels")}
    assert {file.relative_to(tmp_path / "mine") for file in (tmp_path / "mine" / "kernels").rglob("*.py")} == kernels
    assert any((tmp_path / "mine" / "themes").glob("*.toml"))
