"""What a step gives its action: checked against the action's parameters, one by one. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from grace_tui.healing.playbooks.actions import ActionSpec, Parameter
from grace_tui.healing.playbooks.namespace import NAMES
from grace_tui.healing.playbooks.texts import check_text, names_in
from grace_tui.kernel.spelling import nearest, shown, span


class Wrong(ValueError):
    """A value that an action cannot take; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a playbook may name."""

    actions: Mapping[str, ActionSpec]
    kernels: frozenset[str]


def checked(spec: ActionSpec, name: str, value: object, known: Known) -> Any:
    """The value of one parameter, as the action takes it.

    Raises:
        Wrong: there is no such parameter, or the value is of another kind.
    """
    parameter = spec.parameters.get(name)
    if parameter is None:
        right = nearest(name, spec.parameters) if spec.parameters else "it takes none"
        raise Wrong(f"{name} is no parameter of {spec.name}; {right}")
    found = _KINDS[parameter.kind](value, known)
    if parameter.choices and found not in parameter.choices and not _is_filled_later(found):
        raise Wrong(f"{shown(value)} is not possible; {nearest(str(found), parameter.choices)}")
    return found


def missing(spec: ActionSpec, given: Mapping[str, object]) -> list[tuple[str, Parameter]]:
    """Parameters that the action needs and that are not given."""
    return [(name, found) for name, found in spec.parameters.items() if found.required and name not in given]


def _text(value: object, known: Known) -> str:
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)}; expected a text")
    try:
        check_text(value, NAMES)
    except ValueError as error:
        raise Wrong(f"{shown(value)}: {error}") from error
    return value


def _kernel(value: object, known: Known) -> str:
    name = _text(value, known)
    if not _is_filled_later(name) and name not in known.kernels:
        raise Wrong(f'there is no kernel "{name}"; {nearest(name, sorted(known.kernels))}')
    return name


def _number(value: object, known: Known) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise Wrong(f"{shown(value)}; expected a number")
    return value


def _seconds(value: object, known: Known) -> float:
    try:
        return span(value)
    except ValueError as error:
        raise Wrong(f"{shown(value)}; expected {error}") from error


def _flag(value: object, known: Known) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"{shown(value)}; expected true or false")
    return value


def _words(value: object, known: Known) -> list[str]:
    if not isinstance(value, list):
        raise Wrong(f"{shown(value)}; expected a list of texts")
    return [_text(word, known) for word in value]


def _path(value: object, known: Known) -> str:
    path = _text(value, known)
    if not path or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise Wrong(f"{shown(value)}; expected a file of the workspace, such as kernels/librarian.py")
    return path


def _is_filled_later(value: object) -> bool:
    return isinstance(value, str) and any(names_in(value))


_KINDS: Mapping[str, Callable[[object, Known], Any]] = {
    "text": _text,
    "kernel": _kernel,
    "number": _number,
    "seconds": _seconds,
    "flag": _flag,
    "words": _words,
    "path": _path,
}
