"""The actions as the README shows them, made from the catalogue itself; a test holds the two together."""

from collections.abc import Iterator

from grace_tui.healing.playbooks.actions import ActionSpec, Parameter
from grace_tui.room.actions.catalogue import CATALOGUE

REQUIRED = "!"
UNDOES = " ↩"


def actions_table() -> str:
    """A Markdown table of every action."""
    return "\n".join(["| Action | `with` | What it does |", "| --- | --- | --- |", *_rows()])


def _rows() -> Iterator[str]:
    for spec in CATALOGUE.values():
        yield f"| `{spec.name}`{UNDOES if spec.undoes else ''} | {_parameters(spec)} | {spec.does} |"


def _parameters(spec: ActionSpec) -> str:
    return ", ".join(f"`{name}`{_default(parameter)}" for name, parameter in spec.parameters.items()) or "–"


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return REQUIRED
    default = parameter.default
    if default is None or default in ("", 0):
        return ""
    return f" {default:g}" if isinstance(default, float | int) else f" {default}"
