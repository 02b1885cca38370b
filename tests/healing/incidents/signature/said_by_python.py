"""Failures as the running Python words them, as JSON lines: run by other Pythons, so it imports nothing of ours."""

# It does on purpose what types forbid.
# mypy: ignore-errors

import abc
import asyncio
import collections
import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import pickle
import random
import re
import sqlite3
import ssl
import struct
import subprocess
import sys


class Slotted:
    __slots__ = ("x",)


class Plain:
    def go(self, a, b): ...

    @property
    def fixed(self): ...


class Colour(enum.Enum):
    red = 1


class Abstract(abc.ABC):
    @abc.abstractmethod
    def one(self): ...

    @abc.abstractmethod
    def two(self): ...


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int


def called(a, b, *, size): ...


def local():
    def inner(): ...

    return inner


def squares(count):
    return [1 // number for number in range(count)]


def table(count):
    return {number: sum(1 // other for other in range(number, count)) for number in range(count)}


def late(count):
    return (lambda: [1 // number for number in range(count)])()


def tree(depth):
    return branch(depth + 1)


def branch(depth):
    return tree(depth)


async def waits():
    await asyncio.wait_for(asyncio.sleep(9), 0.001)


async def awaits_nothing():
    await None


async def wrong_manager():
    async with Plain():
        pass


async def fails_beside():
    await asyncio.gather(asyncio.sleep(9), squares_later())


async def squares_later():
    return squares(3)


def unpack(values):
    _first, _second = values


def unbound():
    print(later)  # noqa: F821
    later = 1  # noqa: F841


ACTS = {
    "unexpected": lambda: called(1, 2, siez=1),
    "missing": lambda: Plain().go(1),
    "missing two": lambda: called(),
    "too many": lambda: Plain().go(1, 2, 3),
    "attribute": lambda: Plain().goo,
    "attribute of a type": lambda: Plain.nope,
    "attribute of None": lambda: None.append,
    "attribute of a module": lambda: json.dumpss,
    "no setter": lambda: setattr(Plain(), "fixed", 1),
    "slot": lambda: setattr(Slotted(), "y", 1),
    "builtin": lambda: setattr(1, "y", 1),
    "frozen": lambda: setattr(Frozen(1), "x", 2),
    "name": lambda: undefined,  # noqa: F821
    "name of a module": lambda: colorsys,  # noqa: F821
    "unbound": unbound,
    "import": lambda: exec("from json import dumpss"),
    "module": lambda: exec("import json.decoderr"),
    "unpack": lambda: unpack([1, 2, 3]),
    "unpack a dict": lambda: unpack({1: 1, 2: 2, 3: 3}),
    "unpack too little": lambda: unpack((1,)),
    "abstract": lambda: Abstract(),
    "member": lambda: Colour(7),
    "member by name": lambda: Colour["blue"],
    "member as attribute": lambda: Colour.blue,
    "unhashable key": lambda: {}[[]],
    "unhashable member": lambda: {[]},
    "division": lambda: 1 / 0,
    "modulo": lambda: 1 % 0,
    "float modulo": lambda: 1.0 % 0,
    "power": lambda: 0.0**-1,
    "root": lambda: math.sqrt(-1),
    "logarithm": lambda: math.log(0),
    "arc": lambda: math.acos(2),
    "decimal": lambda: decimal.Decimal("x"),
    "int": lambda: int("x"),
    "not in a list": lambda: [].index(1),
    "empty pop": lambda: [].pop(),
    "empty maximum": lambda: max([]),
    "empty range": lambda: random.randint(5, 1),
    "month": lambda: datetime.date(2024, 13, 1),
    "day": lambda: datetime.date(2024, 2, 30),
    "hour": lambda: datetime.time(25),
    "left over": lambda: datetime.datetime.strptime("2024x", "%Y"),
    "pattern": lambda: re.compile("("),
    "struct": lambda: struct.pack("B", 256),
    "trailing comma": lambda: json.loads("[1,]"),
    "trailing comma of an object": lambda: json.loads('{"a":1,}'),
    "empty json": lambda: json.loads(""),
    "not serialisable": lambda: json.dumps({"a": object()}),
    "not a number": lambda: json.dumps(float("nan"), allow_nan=False),
    "local pickle": lambda: pickle.dumps(local()),
    "lambda pickle": lambda: pickle.dumps(ACTS["division"]),
    "namedtuple": lambda: collections.namedtuple("N", "a b")(1, 2)._replace(c=1),
    "subpath": lambda: pathlib.PurePosixPath("/a").relative_to("/b"),
    "sync with": lambda: exec("with 1: pass"),
    "async with": lambda: asyncio.run(wrong_manager()),
    "await": lambda: asyncio.run(awaits_nothing()),
    "timeout": lambda: asyncio.run(waits()),
    "gather": lambda: asyncio.run(fails_beside()),
    "comprehension": lambda: squares(3),
    "nested comprehensions": lambda: table(3),
    "comprehension in a lambda": lambda: late(3),
    "recursion": lambda: tree(0),
    "sql": lambda: sqlite3.connect(":memory:").execute("select * from nope"),
    "bindings": lambda: sqlite3.connect(":memory:").execute("select ?", (1, 2)),
    "certificate": lambda: ssl.create_default_context(cadata="nope"),
    "program": lambda: subprocess.run(["no-such-program-here"]),
    "status": lambda: subprocess.run([sys.executable, "-c", "raise SystemExit(3)"], check=True),
    "syntax": lambda: compile("a b", "x.py", "exec"),
    "print": lambda: compile("print 1", "x.py", "exec"),
}


def described(error):
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append([code.co_filename == __file__, code.co_qualname])
        trace = trace.tb_next
    chain = []
    link = error
    while link is not None:
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
        if link is not None:
            chain.insert(0, [type(link).__name__, str(link)])
    return {"kind": type(error).__name__, "message": str(error), "frames": frames[1:], "chain": chain}


def main():
    for name, act in ACTS.items():
        try:
            act()
        except Exception as error:
            print(json.dumps({"name": name, **described(error)}))


if __name__ == "__main__":
    main()
