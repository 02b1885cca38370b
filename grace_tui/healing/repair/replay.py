"""Starts one kernel with all it requires and prints what became of it as one line of JSON.

`python -m grace_tui.healing.repair.replay --root COPY --kernel NAME`, run by the replay gate in a confined process:
real kernels, the real order of a start, ports in memory.
"""

import argparse
import asyncio
import json
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.testing import closure, name_of, running


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="replay")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--with", dest="provider", default="", help="file of a kernel to start before it")
    parser.add_argument("--watch", type=float, default=0.0, help="seconds to watch it run")
    options = parser.parse_args(argv)
    sys.path.insert(0, str(options.root))
    print(json.dumps(outcome(options.root, options.kernel, options.provider, options.watch)), flush=True)


def outcome(root: Path, kernel: str, provider: str, watch: float) -> dict[str, object]:
    """Start, watch, stop. Whatever the kernel raises is the answer, not an error."""
    try:
        asyncio.run(_start(root, kernel, provider, watch))
    except (Exception, SystemExit) as error:  # the crash boundary of this process
        leaf = _leaf(error)
        return {"started": False, "kind": type(leaf).__name__, "message": str(leaf), "frames": _frames(leaf, root)}
    return {"started": True, "kind": "", "message": "", "frames": []}


async def _start(root: Path, kernel: str, provider: str, watch: float) -> None:
    kinds = _order(kernel, provider)
    async with running(*kinds, workspace=root) as bench:
        if watch:
            run = bench.runs[name_of(kinds[-1])]
            await asyncio.wait({run}, timeout=watch)
            if run.done():
                run.result()


def _order(kernel: str, provider: str) -> list[type[Kernel]]:
    """The failing kernel last, the provider's kernel before it even where it is not declared as required."""
    kinds = {name_of(kind): kind for kind in closure(kernel)}
    last = kinds.pop(kernel)
    match = re.fullmatch(r"kernels/(\w+)(?:\.py|/.*)", provider)
    if match and match[1] != kernel:
        kinds = {**kinds, **_provider_kernels(match[1])}
    return [*kinds.values(), last]


def _provider_kernels(name: str) -> dict[str, type[Kernel]]:
    """The provider with all it requires; none where that file is a plain module."""
    try:
        return {name_of(kind): kind for kind in closure(name)}
    except TypeError:
        return {}


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error


def _frames(error: BaseException, root: Path) -> list[tuple[str, str, int]]:
    frames = traceback.extract_tb(error.__traceback__)
    return [(_relative(frame.filename, root), frame.name, frame.lineno or 0) for frame in frames]


def _relative(file: str, root: Path) -> str:
    path = Path(file)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else file


if __name__ == "__main__":
    main()
