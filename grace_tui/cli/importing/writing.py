"""What an import found as the text of a grace.toml: a table a process, and a comment for all that is not as it was."""

from collections.abc import Collection, Mapping

from grace_tui.cli.importing.found import Found, Imported, Process, kernel_name
from grace_tui.cli.text import clean
from grace_tui.settings.table import toml_key, toml_value

NAMED = ("requires", "follows")
"""Keys that name other processes."""


def settings_text(found: Found, taken: Collection[str]) -> Imported:
    """The grace.toml; `taken` are the names of kernels that the workspace has besides."""
    names: dict[str, str] = {}
    for process in found.processes:
        names[process.name] = kernel_name(process.name, {*taken, *names.values()})
    lines = [f"# Made from {clean(str(found.source))}.", "#"]
    lines += ["# Every setting there is: the README of grace-tui, or the grace.toml of a new workspace."]
    remarks = [clean(remark) for remark in found.remarks]
    lines += [f"# - {remark}" for remark in remarks]
    for process in found.processes:
        said = [*process.remarks]
        if names[process.name] != process.name:
            said.insert(0, f"was named {process.name}")
        said = [clean(remark) for remark in said]
        remarks += [f"{names[process.name]}: {remark}" for remark in said]
        lines += ["", *(f"# {clean(note)}" for note in process.notes), *(f"# not as before: {each}" for each in said)]
        lines += _table(process, names)
    return Imported("\n".join(lines) + "\n", tuple(remarks))


def _table(process: Process, names: Mapping[str, str]) -> list[str]:
    lines = [f"[kernels.{toml_key(names[process.name])}]"]
    for key, value in process.keys.items():
        if key in NAMED:
            value = _renamed(value, names)
        lines.append(f"{key} = {toml_value(value)}")
    return lines


def _renamed(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, Mapping):
        return {names.get(name, name): condition for name, condition in value.items()}
    return [names.get(name, name) for name in value] if isinstance(value, list) else value
