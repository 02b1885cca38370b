"""Whose code is on a stack: each kernel's stretch of it, with what may be broken off and what may not."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel.handle import Handle
from grace_tui.runtime.guard.block import trace_of
from grace_tui.runtime.guard.stack import Sample, Sampler, frames_to
from tests.runtime.guard.bench import code

Look = Callable[[], None]


@pytest.fixture
def sampler(tmp_path: Path) -> Sampler:
    return Sampler(threading.get_ident(), tmp_path / "kernels")


@pytest.fixture
def samples(sampler: Sampler) -> list[Sample]:
    return []


@pytest.fixture
def look(sampler: Sampler, samples: list[Sample]) -> Look:
    """Called by what should stand on the stack: has a sample taken from another thread, as the guard does."""

    def look() -> None:
        standing: list[bool] = []

        def take() -> None:
            while not standing:
                time.sleep(0)
            samples.append(sampler.sample())

        threading.Thread(target=take).start()
        standing.append(True)
        while not samples:  # stands here, rather than in a lock of `threading`
            time.sleep(0)

    return look


def kernel(tmp_path: Path, name: str, source: str) -> dict[str, Any]:
    return code(tmp_path / "kernels", name, source)


@pytest.mark.parametrize(("file", "name"), [("slow.py", "slow"), ("slow/deep.py", "slow")], ids=["module", "package"])
def test_a_stay_names_the_kernel_and_the_line(
    tmp_path: Path, sampler: Sampler, samples: list[Sample], look: Look, file: str, name: str
) -> None:
    kernel(tmp_path, file, "def hold(look):\n    look()\n")["hold"](look)
    stay = samples[0].stays[0]
    assert (stay.kernel, sampler.file_of(stay.inner), stay.inner.f_lineno) == (name, f"kernels/{file}", 2)


def test_a_library_belongs_to_the_kernel_that_calls_it(tmp_path: Path, samples: list[Sample], look: Look) -> None:
    source = (
        "def hold(look):\n    sorted([1], key=lambda n: help_out(look))\ndef help_out(look):\n    return look() or 0\n"
    )
    held = kernel(tmp_path, "slow.py", source)
    kernel(tmp_path, "other.py", "def hold(act, look):\n    act(look)\n")["hold"](held["hold"], look)
    stays = samples[0].stays
    assert [stay.kernel for stay in stays] == ["other"], "without a handle between them, it is the caller's own doing"
    assert stays[0].inner.f_code.co_name == "help_out"


def test_a_provider_behind_a_handle_has_a_stay_of_its_own(tmp_path: Path, samples: list[Sample], look: Look) -> None:
    provider = kernel(tmp_path, "provider.py", "class P:\n    async def ask(self, look):\n        look()\n")["P"]()

    async def resolve(name: str) -> object:
        return provider

    source = "async def run(handle, look):\n    await handle.ask(look)\n"
    consumer = kernel(tmp_path, "consumer.py", source)["run"]
    asyncio.run(consumer(Handle("provider", resolve), look))
    assert [stay.kernel for stay in samples[0].stays] == ["provider", "consumer"]
    assert samples[0].step is not None


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        pytest.param("def hold(look):\n    look()\n", True, id="its own code"),
        pytest.param("def hold(look):\n    max([1], key=lambda n: look() or 0)\n", True, id="a library"),
        pytest.param(
            "import contextlib\ndef hold(look):\n    with contextlib.ExitStack() as stack:\n"
            "        stack.callback(look)\n",
            False,
            id="a context that must be left whole",
        ),
        pytest.param(
            "import logging\ndef hold(look):\n    log = logging.Logger('one')\n"
            "    log.addFilter(lambda record: look())\n    log.warning('hm')\n",
            False,
            id="a lock of others",
        ),
    ],
)
def test_what_others_share_must_not_be_on_top(
    tmp_path: Path, samples: list[Sample], look: Look, source: str, clean: bool
) -> None:
    kernel(tmp_path, "slow.py", source)["hold"](look)
    outer = samples[0].stays[-1]
    assert outer.entry.f_code.co_name == "hold"
    assert outer.clean is clean


def test_the_traceback_of_a_stay_begins_where_it_was_entered(tmp_path: Path, samples: list[Sample], look: Look) -> None:
    source = "def hold(look):\n    inner(look)\ndef inner(look):\n    look()\n"
    kernel(tmp_path, "slow.py", source)["hold"](look)
    trace = trace_of(frames_to(samples[0], samples[0].stays[0].entry))
    found = []
    while trace is not None:
        found.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    assert found[:2] == [("hold", 2), ("inner", 4)]
    assert found[-1][0] == "look"
