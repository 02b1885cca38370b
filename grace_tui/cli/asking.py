"""What the verbs that ask an open room share: their options, the question, and the answer as JSON or as text."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from grace_tui.cli.exits import BAD, DONE, Ended
from grace_tui.cli.opening import chosen_workspace, no_room, talk
from grace_tui.cli.text import clean, details
from grace_tui.workspace import Workspace

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds an answer is waited for: longer than the room takes to say that its supervisor does not answer, and why."""

workspace_option = click.option(
    "-w", "--workspace", type=click.Path(path_type=Path), help="The workspace, if not the current folder."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def about_workspace(function: Callable[..., int]) -> Callable[..., int]:
    """Give a verb `--workspace`, and pass it the workspace it is about."""

    def wrapper(workspace: Path | None, **others: Any) -> int:
        folder: Path | None = workspace or click.get_current_context().find_root().obj
        return function(chosen_workspace(folder), **others)

    return workspace_option(update_wrapper(wrapper, function))


class Answer(msgspec.Struct, frozen=True):
    """What the room replied."""

    ok: bool
    text: str = ""
    data: Mapping[str, Any] = {}

    def part(self, key: str, kind: type[T]) -> T:
        """One entry of the data, checked."""
        return read(self.data.get(key), kind)


def question(workspace: Workspace, verb: str, timeout: float = PATIENCE, **args: object) -> Answer:
    """Ask the room of `workspace`, whatever it answers.

    Raises:
        Ended: no room is open there (exit code 3).
    """
    from grace_tui.faces.remote.client import NoRoom, request

    try:
        return read(request(workspace.socket, verb, args, timeout), Answer)
    except NoRoom as error:
        raise no_room(workspace) from error


def ask(workspace: Workspace, verb: str, timeout: float = PATIENCE, **args: object) -> Answer:
    """Ask the room of `workspace` for something that it should have.

    Raises:
        Ended: no room is open there (exit code 3), or it refused (1).
    """
    answer = question(workspace, verb, timeout, **args)
    if not answer.ok:
        raise Ended(answer.text or f"{verb} failed", BAD)
    return answer


def read(value: object, kind: type[T]) -> T:
    """Check data from the room against what this version understands."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Ended(f"the room's answer cannot be read: {error}; is it of another version?", BAD) from error


def show_answer(answer: Answer, as_json: bool) -> int:
    """Print one thing that was asked about: the data for a program; the room's own words, or else every field."""
    if as_json:
        return show_json(answer.data)
    return show([clean(line) for line in answer.text.splitlines()] or details(answer.data))


def show_act(answer: Answer, as_json: bool, **about: str) -> int:
    """Tell what an act came to: on stderr, or as JSON with what it was about."""
    if as_json:
        return show_json({**about, "ok": answer.ok, "text": answer.text})
    talk(clean(answer.text))
    return DONE


def show(lines: str | Sequence[str]) -> int:
    """Print data for a person."""
    text = lines if isinstance(lines, str) else "\n".join(lines)
    if text:
        print(text)
    return DONE


def show_json(data: object) -> int:
    """Print data for a program: ASCII, so that no terminal obeys what a kernel wrote."""
    print(json.dumps(msgspec.to_builtins(data), indent=2))
    return DONE
