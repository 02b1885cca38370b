"""The table of pairs as failures: read by the tests and by the benchmark."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grace_tui.healing.failure import Failure, Frame

FILE = Path(__file__).with_name("pairs.toml")
FRAMES = ("app/client.py Client.fetch",)


@dataclass(frozen=True, slots=True)
class Pair:
    why: str
    same: bool
    one: Failure
    other: Failure


def pairs() -> Iterator[Pair]:
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for same, entries in ((True, data["same"]), (False, data["different"])):
        for entry in entries:
            yield Pair(entry["why"], same, _failure(entry, entry["one"]), _failure(entry, entry["other"]))


def frames_of(places: tuple[str, ...] | list[str]) -> tuple[Frame, ...]:
    """Frames of "file function", at lines of their own."""
    split = (place.split(" ", 1) for place in places)
    return tuple(Frame(file, True, function, line) for line, (file, function) in enumerate(split, 10))


def _failure(entry: Mapping[str, Any], own: str | Mapping[str, Any]) -> Failure:
    said = {**entry, **({"message": own} if isinstance(own, str) else own)}
    return Failure(
        kernel=said.get("kernel", "client"),
        phase="run",
        kind=said["kind"],
        message=said["message"],
        frames=frames_of(said.get("frames", FRAMES)),
        chain=tuple((kind, message) for kind, message in said.get("chain", ())),
    )
