"""What live objects told, here and in a kernel's own process: the same words, believed no more than any text."""

from pathlib import Path
from typing import Any

import msgspec

from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.evidence.seen import ELSEWHERE, SEEN, Seen, look, settle, to_tell
from grace_tui.healing.incidents.evidence.variables import FRAMES, NAMES
from grace_tui.kernel.errors import RemoteFailure
from tests.healing.incidents.workshop import load, raised, story

SOURCE = """
LIMIT = 3
import os

class Vault:
    def open(self, code):
        raise RuntimeError("shut")

def deep(number):
    if number:
        deep(number - 1)
    raise ValueError(number)

def chained():
    first = "one"
    try:
        deep(0)
    except ValueError as error:
        raise KeyError("second") from error

class Holder:
    def __init__(self):
        self.colour = "red"

    def go(self, size, *rest, **named):
        inner = [n for n in range(3)]
        raise RuntimeError("no")
"""


def seen(root: Path, error: BaseException) -> Seen:
    failure = capture(error, kernel="k", phase="run", root=root, at=0.0)
    return settle(look(error, root), failure, root)


def module(root: Path) -> Any:
    return load(root, "kernels/things.py", SOURCE)


def test_the_variables_of_each_frame_are_told_innermost_first(tmp_path: Path) -> None:
    holder = module(tmp_path).Holder()
    (frame,) = seen(tmp_path, raised(lambda: holder.go(1, 2, x=3))).frames
    assert (frame.file, frame.function, frame.line, frame.error) == (
        "kernels/things.py", "Holder.go", 27, "RuntimeError",
    )  # fmt: skip
    assert frame.values == {
        "self": "Holder(colour='red')",
        "size": "1",
        "rest": "(2,)",
        "named": "{'x': 3}",
        "inner": "[0, 1, 2]",
    }


def test_the_frames_of_a_cause_come_after_those_of_what_it_caused(tmp_path: Path) -> None:
    frames = seen(tmp_path, raised(module(tmp_path).chained)).frames
    assert [(frame.function, frame.error) for frame in frames] == [("chained", "KeyError"), ("deep", "ValueError")]
    assert frames[0].values["first"] == "'one'"


def test_of_a_deep_recursion_the_innermost_frames_are_told(tmp_path: Path) -> None:
    frames = seen(tmp_path, raised(lambda: module(tmp_path).deep(50))).frames
    assert len(frames) == FRAMES
    assert [frame.values["number"] for frame in frames[:3]] == ["0", "1", "2"]


def test_a_module_is_told_without_what_it_imports_and_defines(tmp_path: Path) -> None:
    path = tmp_path / "kernels/top.py"
    path.parent.mkdir()
    path.write_text("import os\nLIMIT = 3\ndef f(): ...\nraise ValueError(LIMIT)\n")
    error = raised(lambda: exec(compile(path.read_text(), str(path), "exec"), {"__name__": "top"}))
    (frame,) = seen(tmp_path, error).frames
    assert (frame.function, frame.values) == ("<module>", {"LIMIT": "3"})


def test_names_in_an_object_of_the_codes_own_are_not_read(tmp_path: Path) -> None:
    class Names(dict[str, object]):
        def __getitem__(self, name: str) -> object:
            raise KeyError(name)

    path = tmp_path / "odd.py"
    path.write_text("raise ValueError(1)\n")
    error = raised(lambda: exec(compile(path.read_text(), str(path), "exec"), {}, Names()))
    (frame,) = seen(tmp_path, error).frames
    assert (frame.values, frame.note) == ({}, "its names live in an object of its own, which is not read")


def test_a_file_or_function_that_is_named_for_its_secrets_shows_no_value(tmp_path: Path) -> None:
    source = "def put(name, value):\n    raise OSError(28)\n"
    keeper = load(tmp_path, "kernels/secret_manager.py", source)
    (frame,) = seen(tmp_path, raised(lambda: keeper.put("db", "hunter2"))).frames
    assert frame.values == {"name": "[redacted]", "value": "[redacted]"}
    assert frame.note == "its own name says that it keeps secrets"


def test_many_variables_are_told_in_part(tmp_path: Path) -> None:
    names = "\n".join(f"    n{number} = {number}" for number in range(NAMES + 5))
    many = load(tmp_path, "kernels/many.py", f"def go():\n{names}\n    raise ValueError\n")
    (frame,) = seen(tmp_path, raised(many.go)).frames
    assert (len(frame.values), frame.note) == (NAMES, "5 more")


def test_an_exception_from_nowhere_has_no_variables(tmp_path: Path) -> None:
    assert seen(tmp_path, ValueError("x")).missing == "nothing was raised here"


# ---- from another process


def from_elsewhere(root: Path, error: BaseException, **told: Any) -> BaseException:
    """The error as it arrives from a process that described it, and `told` instead of what that one saw."""
    failure = capture(error, kernel="k", phase="run", root=root, at=0.0)
    described = {**msgspec.to_builtins(failure), SEEN: to_tell(error, failure, root), **told}
    arrived = type(error)(*error.args)
    remote = RemoteFailure(type(error).__name__, str(error), described=described, printed="")
    vars(arrived)["remote_failure"] = remote
    return arrived


def test_what_a_process_saw_arrives_as_if_it_had_been_seen_here(tmp_path: Path) -> None:
    error = story(tmp_path)
    assert seen(tmp_path, from_elsewhere(tmp_path, error)) == seen(tmp_path, error)


def test_a_process_that_saw_nothing_leaves_the_place_and_says_why(tmp_path: Path) -> None:
    found = seen(tmp_path, from_elsewhere(tmp_path, story(tmp_path), seen=None))
    assert (found.frames, found.missing) == ((), ELSEWHERE)
    assert found.provider.file == "kernels/immutable_log.py"


def test_what_a_process_forges_is_bounded_redacted_or_ignored(tmp_path: Path) -> None:
    frame = {"file": "a.py", "function": "f", "line": 1, "error": "E", "note": "", "values": {}}
    provider = {"how": "x" * 100_000, "name": "password='hunter2'"}
    values = {"password": "hunter2", **{f"n{number}": "y" * 100_000 for number in range(1_000)}}
    forged = {"provider": provider, "frames": [{**frame, "values": values}] * 1_000, "missing": ""}
    found = seen(tmp_path, from_elsewhere(tmp_path, ValueError("x"), seen=forged))
    assert len(msgspec.json.encode(found)) < 2_000_000
    assert "hunter2" not in str(found)
    assert len(found.frames) == 2 * FRAMES
    assert seen(tmp_path, from_elsewhere(tmp_path, ValueError("x"), seen={"provider": 7})).frames == ()
