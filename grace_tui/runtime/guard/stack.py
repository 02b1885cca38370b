"""Whose code stands on the loop's stack: kernels, the core, the loop's own machinery.

A *stay* is one stretch of the stack that belongs to one kernel: from the frame by which it was entered, by the
supervisor, the loop or a handle, to the innermost frame of its own file. A library that the kernel calls is part of
the stay of its caller. Called by the guard's thread; a sample is taken without a lookup on disk.
"""

import asyncio
import asyncio.events
import concurrent.futures
import contextlib
import logging
import os
import queue
import selectors
import sys
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Literal

import anyio

import grace_tui.kernel

Kind = Literal["kernel", "library", "api", "boundary", "core", "loop", "machinery"]
"""api: the kernel API that a kernel calls and is called through; boundary: where a kernel's own failures end."""

_GRACE = str(Path(grace_tui.kernel.__file__).parents[1]) + os.sep
_API = str(Path(grace_tui.kernel.__file__).parent) + os.sep
_SUPERVISOR = os.path.join(_GRACE, "runtime", "supervisor", "")
_BOUNDARIES = (f"{_SUPERVISOR}body.py", f"{_SUPERVISOR}run.py")
_GATE = f"{_SUPERVISOR}gate.py"
"""Every step of a kernel's task goes through it."""
_STEP = asyncio.events.Handle._run.__code__
"""The frame in which the loop runs one callback."""


def _home(module: ModuleType) -> str:
    path = module.__file__ or module.__name__
    return os.path.dirname(path) + os.sep if os.path.basename(path) == "__init__.py" else path


_LOOP = _home(asyncio)
# An exception out of the blue in these leaves a lock held, a queue torn, or the loop itself broken.
_MACHINERY = (
    *map(_home, (anyio, concurrent.futures, contextlib, logging, queue, selectors, threading, weakref)),
    _home(sys.modules["_weakrefset"]) if "_weakrefset" in sys.modules else "_weakrefset",
    "<frozen importlib",
)


@dataclass(slots=True, eq=False)
class Stay:
    kernel: str
    entry: FrameType
    """The outermost frame of this stretch."""
    inner: FrameType
    """The innermost frame in the kernel's own file."""
    clean: bool
    """Only the kernel's own and library code runs at this moment, no part of what others share."""
    contained: bool = True
    """Whatever is raised in it ends at the kernel's own boundary; False where the core called it in between."""


@dataclass(slots=True, eq=False)
class Sample:
    """The stack of one moment; `stays` and `frames` are innermost first."""

    stays: list[Stay] = field(default_factory=list)
    frames: list[FrameType] = field(default_factory=list)
    step: FrameType | None = None
    """The loop's present callback; every one has a frame of its own."""


class Sampler:
    def __init__(self, thread: int, kernels: Path) -> None:
        self.thread = thread
        self.root = kernels.parent
        self._kernels = str(kernels) + os.sep
        self._kinds: dict[str, Kind] = {}

    def sample(self) -> Sample:
        """Look at the loop's stack as it is now."""
        found = Sample()
        clean, current = True, None
        pending: list[Stay] = []
        frame = sys._current_frames().get(self.thread)
        while frame is not None:
            found.frames.append(frame)
            kind = self._kind(frame.f_code.co_filename)
            if kind == "kernel":
                if current is None:
                    current = Stay(self.kernel_of(frame), frame, frame, clean)
                    found.stays.append(current)
                    pending.append(current)
                current.entry, current.kernel = frame, self.kernel_of(frame)
                if frame.f_code.co_name == "__del__":  # the interpreter called it, in whoever's frame
                    current, clean = None, False
            elif kind != "library":
                current, clean = None, False
                if kind in ("boundary", "core"):
                    for stay in pending:
                        stay.contained = kind == "boundary"
                    pending = []
            if frame.f_code is _STEP:
                found.step = frame
                break
            frame = frame.f_back
        return found

    def now(self) -> tuple[FrameType | None, int]:
        """The frame that runs, and the instruction in it: whether the loop's thread has moved since a sample."""
        frame = sys._current_frames().get(self.thread)
        return frame, -1 if frame is None else frame.f_lasti

    def kernel_of(self, frame: FrameType) -> str:
        return frame.f_code.co_filename[len(self._kernels) :].partition(os.sep)[0].removesuffix(".py")

    def file_of(self, frame: FrameType) -> str:
        """A frame's file, relative to the workspace where it is below it."""
        return frame.f_code.co_filename.removeprefix(str(self.root) + os.sep)

    def _kind(self, file: str) -> Kind:
        kind = self._kinds.get(file)
        if kind is None:
            kind = self._kinds[file] = _kind_of(file, self._kernels)
        return kind


def frames_to(sample: Sample, entry: FrameType) -> Sequence[FrameType]:
    """The frames of a sample from the innermost to `entry`."""
    return sample.frames[: next(at for at, frame in enumerate(sample.frames) if frame is entry) + 1]


def _kind_of(file: str, kernels: str) -> Kind:
    if file.startswith(kernels):
        return "kernel"
    if file == _GATE or file.startswith(_LOOP):
        return "loop"
    if file in _BOUNDARIES:
        return "boundary"
    if file.startswith(_API):
        return "api"
    if file.startswith(_GRACE):
        return "core"
    return "machinery" if file.startswith(_MACHINERY) else "library"
