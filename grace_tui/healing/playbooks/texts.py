"""Texts with names in them, such as `{incident.kernel}`: checked when a playbook is loaded, filled when it runs."""

import string
from collections.abc import Iterator, Mapping
from typing import Any

from grace_tui.healing.condition_form import Names, check_name
from grace_tui.healing.conditions import look_up

_FORMATTER = string.Formatter()
LONGEST = 2000


class Missing(Exception):
    """A name in a text has no value at this moment; the text says which."""


def check_text(text: str, names: Names) -> None:
    """
    Raises:
        ValueError: a name in it is not known, or a brace is not closed; the text says what would be right.
    """
    for name in names_in(text):
        try:
            sample = check_name(name, names)
        except LookupError as unknown:
            raise ValueError(str(unknown)) from unknown
        if isinstance(sample, Mapping):
            raise ValueError(f"{name} has names of its own, such as {name}.{next(iter(sample))}")


def names_in(text: str) -> Iterator[str]:
    """Every name that a text asks for, in order."""
    if len(text) > LONGEST:
        raise ValueError(f"it has {len(text)} characters; at most {LONGEST}")
    try:
        parts = list(_FORMATTER.parse(text))
    except ValueError as error:
        raise ValueError(f"{error}; a brace of its own is written twice") from error
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion or not name.replace(".", "").replace("_", "").isalnum():
            raise ValueError(
                f"{{{name}}} is not a name, such as {{incident.kernel}}; a brace of its own is written twice"
            )
        yield name


def filled(text: str, namespace: Mapping[str, Any]) -> str:
    """The text with the values of this moment.

    Raises:
        Missing: a name has no value.
    """
    done = []
    for literal, name, _, _ in _FORMATTER.parse(text):
        done.append(literal)
        if name is not None:
            value = look_up(name, namespace)
            if value is None:
                raise Missing(f"{name} is not known")
            done.append(_plain(value))
    return "".join(done)


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
