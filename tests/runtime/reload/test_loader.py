"""From files to classes: always the source on disk, and with it the helpers it was built from."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.runtime.reload.loader import KernelEmpty, KernelLoader, KernelMissing
from tests.runtime.supervisor.bench import calm, write

USER = """
    from grace_tui.kernel import Kernel
    {imports}

    class User(Kernel):
        value = {value}
"""


@pytest.fixture
def loader(tmp_path: Path) -> Iterator[KernelLoader]:
    loader = KernelLoader(tmp_path)
    yield loader
    loader.close()


def user(root: Path, imports: str, value: str) -> None:
    write(root, "user.py", USER.format(imports=imports, value=value))


def value(loader: KernelLoader) -> object:
    return vars(loader.load("user").kind)["value"]


def test_two_quick_saves_of_the_same_size_and_time_give_the_new_code(tmp_path: Path, loader: KernelLoader) -> None:
    user(tmp_path, "", "1")
    first = loader.load("user")
    path = tmp_path / "kernels" / "user.py"
    before = path.stat()
    user(tmp_path, "", "2")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert value(loader) == 2
    assert loader.load("user").version != first.version


def test_no_compiled_file_is_written_or_read(tmp_path: Path, loader: KernelLoader) -> None:
    write(tmp_path, "models/__init__.py", "A = 1")
    user(tmp_path, "from kernels.models import A", "A")
    value(loader)
    assert not list(tmp_path.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("imports", "read"),
    [
        pytest.param("from kernels.helper import A", "A", id="name-from-module"),
        pytest.param("from kernels import helper", "helper.A", id="module-from-package"),
        pytest.param("import kernels.helper", "kernels.helper.A", id="dotted"),
        pytest.param("from .helper import A", "A", id="relative"),
        pytest.param("from . import helper", "helper.A", id="relative-module"),
    ],
)
def test_a_changed_helper_is_read_again(tmp_path: Path, loader: KernelLoader, imports: str, read: str) -> None:
    write(tmp_path, "helper.py", "A = 1")
    user(tmp_path, imports, read)
    assert value(loader) == 1
    write(tmp_path, "helper.py", "A = 2")
    loader.invalidate(["kernels/helper.py"])
    assert value(loader) == 2


def test_a_change_reaches_through_helpers_of_helpers(tmp_path: Path, loader: KernelLoader) -> None:
    write(tmp_path, "models/deep.py", "A = 1")
    write(tmp_path, "models/__init__.py", "from .deep import A")
    write(tmp_path, "middle.py", "from kernels import models\nB = models.A")
    user(tmp_path, "from kernels.middle import B", "B")
    assert value(loader) == 1
    write(tmp_path, "models/deep.py", "A = 2")
    loader.invalidate(["kernels/models/deep.py"])
    assert value(loader) == 2


def test_an_untouched_helper_stays_the_same_module(tmp_path: Path, loader: KernelLoader) -> None:
    write(tmp_path, "helper.py", "A = object()")
    user(tmp_path, "from kernels.helper import A", "A")
    first = value(loader)
    loader.invalidate(["kernels/other.py"])
    assert value(loader) is first


def test_a_loaded_kernel_names_the_files_it_was_built_from(tmp_path: Path, loader: KernelLoader) -> None:
    write(tmp_path, "__init__.py", '"""Kernels."""')
    write(tmp_path, "models/deep.py", "A = 1")
    write(tmp_path, "models/__init__.py", "from .deep import A")
    user(tmp_path, "from kernels.models import A", "A")
    assert loader.load("user").files == {
        "kernels/user.py",
        "kernels/models/__init__.py",
        "kernels/models/deep.py",
    }


def test_names_tell_kernels_from_helper_packages(tmp_path: Path, loader: KernelLoader) -> None:
    calm(tmp_path, "plain")
    write(tmp_path, "folder/__init__.py", "from grace_tui.kernel import Kernel\nclass Folder(Kernel): ...")
    write(tmp_path, "dotted/__init__.py", "from grace_tui import kernel\nclass Dotted(kernel.Kernel): ...")
    write(tmp_path, "broken/__init__.py", "class Broken(Kernel):\n  def (")
    write(tmp_path, "helpers/__init__.py", "A = 1")
    write(tmp_path, "garbled/__init__.py", "def (")
    for name in ("_private.py", ".hidden.py", "notes.txt"):
        write(tmp_path, name, "")
    assert loader.names() == {
        "broken": "kernels/broken/__init__.py",
        "dotted": "kernels/dotted/__init__.py",
        "folder": "kernels/folder/__init__.py",
        "plain": "kernels/plain.py",
    }


def test_a_workspace_without_kernels_has_no_names(tmp_path: Path, loader: KernelLoader) -> None:
    assert loader.names() == {}


def test_a_missing_and_an_empty_file_say_what_is_wrong(tmp_path: Path, loader: KernelLoader) -> None:
    with pytest.raises(KernelMissing, match=r"there is no gone\.py or gone/__init__\.py in"):
        loader.load("gone")
    write(tmp_path, "empty.py", "\n")
    with pytest.raises(KernelEmpty, match=r"empty\.py is empty"):
        loader.load("empty")


def test_a_failed_load_leaves_no_half_made_module(tmp_path: Path, loader: KernelLoader) -> None:
    user(tmp_path, "", "1 / 0")
    with pytest.raises(ZeroDivisionError):
        loader.load("user")
    assert "kernels.user" not in sys.modules
    user(tmp_path, "", "1")
    assert value(loader) == 1


def test_close_gives_the_package_name_back(tmp_path: Path) -> None:
    import kernels

    calm(tmp_path, "calm")
    loader = KernelLoader(tmp_path)
    loader.load("calm")
    assert sys.modules["kernels"] is not kernels
    loader.close()
    loader.close()
    assert sys.modules["kernels"] is kernels
    assert "kernels.calm" not in sys.modules


def test_a_note_of_changes_never_waits_for_an_import_that_hangs(tmp_path: Path, loader: KernelLoader) -> None:
    write(tmp_path, "slow.py", "import tests_gate\ntests_gate.entered.set()\ntests_gate.leave.wait(10)\n1 / 0")
    gate = type(sys)("tests_gate")
    vars(gate).update(entered=threading.Event(), leave=threading.Event())
    sys.modules["tests_gate"] = gate
    user(tmp_path, "", "1")

    def load_slow() -> None:
        with pytest.raises(ZeroDivisionError):
            loader.load("slow")

    thread = threading.Thread(target=load_slow)
    thread.start()
    try:
        assert vars(gate)["entered"].wait(10)
        loader.invalidate(["kernels/slow.py"])
        assert value(loader) == 1
        calm(tmp_path, "slow")
        assert loader.load("slow").kind.__name__ == "Slow"
    finally:
        vars(gate)["leave"].set()
        thread.join()
        del sys.modules["tests_gate"]
    assert "kernels.slow" in sys.modules
