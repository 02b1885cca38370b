"""The settings as text: the README's table and the grace.toml of a new workspace, both made from `model` itself."""

import ast
import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from grace_tui.settings import model
from grace_tui.settings.words import expected


@dataclass(frozen=True, slots=True)
class Entry:
    table: str
    key: str
    default: str
    """As TOML spells it."""
    allowed: str
    doc: str


def entries() -> Iterator[Entry]:
    """Every setting, in the order of the file."""
    docs = _docs()
    for table in msgspec.structs.fields(model.Settings):
        kind, name = (model.KernelSettings, "kernels.NAME") if table.name == "kernels" else (table.type, table.name)
        for field in msgspec.structs.fields(kind):
            if field.name != "options":
                doc = docs[kind.__name__, field.name]
                yield Entry(name, field.name, _toml(field.default), expected(field.type), doc)


def settings_table() -> str:
    """Return the README's table of settings, as Markdown."""
    rows = ["| Setting | Default | Allowed | What it does |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `[{found.table}]` `{found.key}` | `{found.default}` | {found.allowed} | {found.doc} |"
        for found in entries()
    ]
    return "\n".join(rows) + "\n"


def settings_template() -> str:
    """Return a grace.toml that sets nothing and shows everything."""
    lines = [
        "# Settings of this workspace. Each line that begins with # and a key shows a default; to change it, take away",
        "# the # there and before the table's name. An unknown key or a value out of range is refused by name.",
    ]
    table = ""
    for entry in entries():
        if entry.table != table:
            table = entry.table
            lines += ["", f"# [{table}]"]
        lines += [f"## {entry.doc} Allowed: {entry.allowed}.", f"# {entry.key} = {entry.default}"]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """A default as TOML spells it: for these types that is also how JSON does."""
    return json.dumps(value)


def _docs() -> dict[tuple[str, str], str]:
    """The sentence under every field: (class, field) -> text."""
    found: dict[tuple[str, str], str] = {}
    for node in ast.parse(inspect.getsource(model)).body:
        if isinstance(node, ast.ClassDef):
            for field, below in zip(node.body, node.body[1:], strict=False):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[node.name, name] = " ".join(text.split())
    return found
