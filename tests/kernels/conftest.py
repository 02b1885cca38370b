"""What the kernel tests need to run anywhere: beside a copied `kernels/` as well as in the repository.

`--kernel-host=process` runs the same tests with each kernel in a process of its own.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

WORKSPACE = str(Path(__file__).resolve().parents[2])
if WORKSPACE not in sys.path:
    sys.path.insert(0, WORKSPACE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kernel-host", choices=("task", "process"), default="task", help="where the kernels live")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "in_task(why): looks inside the kernel, which has to be in the test's process")


def in_processes(config: pytest.Config) -> bool:
    # Not there where this folder is only one of many that are tested.
    return bool(config.getoption("--kernel-host", "task") == "process")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if in_processes(config):
        for item in items:
            if marker := item.get_closest_marker("in_task"):
                item.add_marker(pytest.mark.skip(reason=f"{marker.args[0]}"))


@pytest.fixture
def anyio_backend(pytestconfig: pytest.Config) -> tuple[str, dict[str, Any]]:
    if not in_processes(pytestconfig):
        return "asyncio", {}
    from grace_tui.runtime.hosts.process.lockstep import LockstepLoop

    return "asyncio", {"loop_factory": LockstepLoop}


@pytest.fixture(autouse=True)
def kernel_host(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    if in_processes(pytestconfig):
        from grace_tui.kernel.testing import Bench
        from grace_tui.runtime.hosts.process.lockstep import run_in_processes

        monkeypatch.setattr(Bench, "host", staticmethod(run_in_processes))
