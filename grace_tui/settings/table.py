"""The settings as text: the README's table and the grace.toml of a new workspace, both made from `model` itself."""

import ast
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import msgspec

from grace_tui.settings import kernels, model
from grace_tui.settings.words import example, expected

EVERY_KERNEL, COMMAND = "kernels.memory_fusion", "kernels.web"
"""What stands for NAME in the template: a kernel of a file, and one that is a program."""
INTRODUCTIONS: Mapping[str, Sequence[str]] = {
    EVERY_KERNEL: ("Any kernel, by its name; one of a file in kernels/ may have keys of its own besides these.",),
    COMMAND: ("Any program as a kernel, under a name of your own: it needs `command`. The keys above hold as well.",),
}
NO_DEFAULT = "–"
NOT_BESIDE_READY = "schedule"
"""Shown as a remark, so that the rest of the example holds together."""


@dataclass(frozen=True, slots=True)
class Entry:
    table: str
    key: str
    default: str
    """As TOML spells it; empty where leaving it out is a meaning of its own."""
    shown: str
    """A value for the template: an example where there is one, else the default."""
    allowed: str
    doc: str


def entries() -> Iterator[Entry]:
    """Every setting, in the order of the file."""
    docs = _docs(model) | _docs(kernels)
    for table in msgspec.structs.fields(model.Settings):
        if table.name != "kernels":
            yield from _entries(table.name, table.type, docs)
    yield from _entries(EVERY_KERNEL, kernels.KernelTable, docs)
    shared = {field.name for field in msgspec.structs.fields(kernels.KernelTable)}
    yield from (entry for entry in _entries(COMMAND, kernels.CommandTable, docs) if entry.key not in shared)


def settings_table() -> str:
    """Return the README's table of settings, as Markdown."""
    rows = ["| Setting | Default | Allowed | What it does |", "| --- | --- | --- | --- |"]
    for found in entries():
        table = "kernels.NAME" if found.table in (EVERY_KERNEL, COMMAND) else found.table
        default = f"`{found.default}`" if found.default else NO_DEFAULT
        rows.append(f"| `[{table}]` `{found.key}` | {default} | {found.allowed} | {found.doc} |")
    return "\n".join(rows) + "\n"


def settings_template() -> str:
    """Return a grace.toml that sets nothing and shows everything."""
    lines = [
        "# Settings of this workspace. Each line that begins with # and a key shows a default or an example; to change",
        "# it, take away the # there and before the table's name. Whatever is not a setting is refused by name.",
    ]
    table = ""
    for entry in entries():
        if entry.table != table:
            table = entry.table
            lines += ["", *(f"## {line}" for line in INTRODUCTIONS.get(table, ())), f"# [{table}]"]
        mark = "##" if entry.key == NOT_BESIDE_READY else "#"
        lines += [f"## {entry.doc} Allowed: {entry.allowed}.", f"{mark} {entry.key} = {entry.shown}"]
    return "\n".join(lines) + "\n"


def _entries(table: str, kind: type[msgspec.Struct], docs: Mapping[tuple[str, str], str]) -> Iterator[Entry]:
    for field in msgspec.structs.fields(kind):
        default = "" if field.default is None else toml_value(_default(field))
        instead = example(field.type)
        shown = default if instead is None else toml_value(instead)
        doc = next(docs[each.__name__, field.name] for each in kind.__mro__ if (each.__name__, field.name) in docs)
        yield Entry(table, field.name, default, shown, expected(field.type), doc)


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def toml_value(value: object) -> str:
    """A value as TOML spells it, on one line."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml_key(str(key))} = {toml_value(found)}" for key, found in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(toml_value, value))}]"
    # For texts, numbers and truth values TOML is as JSON, but for the one control character that JSON lets through.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(key: str) -> str:
    return key if key.isascii() and key.replace("-", "").replace("_", "").isalnum() else toml_value(key)


def _docs(module: ModuleType) -> dict[tuple[str, str], str]:
    """The sentence under every field: (class, field) -> text."""
    found: dict[tuple[str, str], str] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            for field, below in zip(node.body, node.body[1:], strict=False):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[node.name, name] = " ".join(text.split())
    return found
