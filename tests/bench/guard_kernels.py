"""The kernels of the guard's measurement: one that holds the loop in every way there is, and innocent ones."""

import textwrap

IN_RUN = {
    "loop": "while True: pass",
    "calls": "while True: int('1')",
    "nested": "[[0 for a in range(1000)] and 0 for b in range(10**9)]",
    "generator": "sum(a * b for a in range(10**6) for b in range(10**6))",
    "c_library": "while True: json.loads(json.dumps({'a': [1, 2]}))",
    "python_library": "while True: textwrap.dedent('  a')",
    "regular_expression": "while True: re.match('(a+)+$', 'a' * 16 + 'b')",
    "handler": """
        try:
            1 / 0
        except ZeroDivisionError:
            while True: pass
    """,
    "finally": """
        try:
            pass
        finally:
            while True: pass
    """,
    "swallows": """
        while True:
            try: int("one")
            except Exception: pass
    """,
    "short_sleeps": "while True: time.sleep(0.001)",
    "contexts": """
        while True:
            with contextlib.suppress(ValueError): int("1")
    """,
    "locks": """
        lock = threading.Lock()
        while True:
            with lock: pass
    """,
    "machinery": "while True: asyncio.get_running_loop().call_later(9, print).cancel()",
    "ports": "while True: self.context.bus.statistics()",
    "bursts": """
        for turn in range(5):
            until = time.perf_counter() + 0.03
            while time.perf_counter() < until: pass
            await asyncio.sleep(0)
        marks.begin()
        while True: pass
    """,
}
"""Name -> body of a coroutine that holds the loop."""
SPIN = '''"""Holds the loop where and how it is told to."""

import asyncio, contextlib, json, re, sys, textwrap, threading, time

from grace_tui.kernel import Kernel, Message

marks = sys.modules["grace_bench_marks"]


class Spin(Kernel):
    async def start(self):
        self.hold("start")

    async def probe(self):
        self.hold("probe")

    async def stop(self):
        self.hold("stop")

    def summary(self):
        self.hold("summary")
        return ""

    def save_state(self):
        self.hold("save_state")
        return {}

    def hold(self, where):
        if marks.where == where:
            marks.begin()
            while True: pass

    async def run(self):
        async for message in self.subscribe("bench.hold"):
            await getattr(self, f"way_{message.payload}")()

    async def way_task(self):
        await asyncio.create_task(self.way_loop())

    async def way_callback(self):
        marks.where = "callback"
        asyncio.get_running_loop().call_soon(self.hold, "callback")

    async def way_finaliser(self):
        Last()


class Last:
    def __del__(self):
        marks.begin()
        while True: pass


'''
PROVIDER = '''"""Holds the loop while somebody else waits for its answer."""

import sys

from grace_tui.kernel import Kernel

marks = sys.modules["grace_bench_marks"]


class Provider(Kernel):
    async def hold(self):
        marks.begin()
        while True: pass
'''
CONSUMER = '''"""Asks the one that holds the loop, and must not suffer for it."""

from grace_tui.kernel import Kernel, KernelSpec, ProviderDown


class Consumer(Kernel):
    spec = KernelSpec(requires=("provider",))

    async def run(self):
        async for message in self.subscribe("bench.ask"):
            try:
                await self.kernel("provider").hold()
            except ProviderDown:
                self.count()
'''
INNOCENT = '''"""Works in bursts of a few milliseconds, and in everything that others share."""

import asyncio, json, time

from grace_tui.kernel import Kernel


class Innocent(Kernel):
    async def run(self):
        lock, queue = asyncio.Lock(), asyncio.Queue()
        while True:
            until = time.perf_counter() + 0.004
            while time.perf_counter() < until:
                json.dumps([1, 2, 3])
            async with lock:
                self.context.bus.publish("bench.noise", 1, source=self.name)
            queue.put_nowait(1)
            await asyncio.gather(queue.get(), asyncio.sleep(0.006))
            self.beat()
'''


def spinning() -> str:
    """The source of the one that holds the loop."""
    head, last = SPIN.split("class Last")
    return f"{head}{''.join(_way(name, act) for name, act in IN_RUN.items())}\n\nclass Last{last}"


def _way(name: str, act: str) -> str:
    body = textwrap.indent(textwrap.dedent(act).strip(), " " * 8)
    return f"\n    async def way_{name}(self):\n        marks.begin()\n{body}\n"
