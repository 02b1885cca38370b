"""The gate that keeps what others may use: public names of a changed module only grow, parameters are not taken away.

What an earlier version did not have either, and nothing in the tree uses, may go: so history can be restored.
"""

import ast
import asyncio
import re
from collections.abc import Iterator, Mapping

from grace_tui.healing.repair.gates.cheap import EARLIER
from grace_tui.healing.repair.gates.setting import Said, Setting
from grace_tui.healing.repair.index.outline import FunctionNode, bound_names, parse, run_at_import
from grace_tui.healing.repair.patch import FileEdit

Surface = Mapping[str, tuple[str, ...]]
"""Qualified public name -> what a caller can say to it: its parameters, for a function."""
TAKES_ANY = ("*", "**")


async def surface(setting: Setting) -> Said:
    """Nothing public is taken away."""
    return await asyncio.to_thread(_surface, setting)


def _surface(setting: Setting) -> Said:
    grown = 0
    for edit in setting.patch.edits:
        before, after = surface_of(edit.before or ""), surface_of(edit.after)
        if before is None or after is None:
            continue  # what did not parse offered nothing; `compiles` speaks of the rest
        grown += len(after.keys() - before.keys())
        gone = [name for name in _gone(before, after) if not _passing(setting, edit, name)]
        if gone and not _was_never(setting, edit.path, gone):
            return Said(False, f"{edit.path}: {gone[0]} would be gone")
    return Said(True, f"{grown} names more" if grown else "the same names")


def _passing(setting: Setting, edit: FileEdit, name: str) -> bool:
    """True for what a module that is no package imports for itself, by now later, and nobody takes from there."""
    if edit.path.endswith("__init__.py") or edit.path not in setting.index.names:
        return False
    outline = setting.context.index.outline(edit.path)
    later = {entry.bound for entry in setting.index.outline(edit.path).imports}
    if name not in {entry.bound for entry in outline.imports} & later or name in (outline.exported or ()):
        return False
    module = setting.index.names[edit.path]
    last = module.rpartition(".")[2]
    asked = any(entry.name in (name, "*") for entry in setting.index.importers(module))
    return not asked and not any(
        use.receiver.rpartition(".")[2] == last and use.path != edit.path
        for use in setting.index.uses_of_attribute(name)
    )


def surface_of(text: str) -> Surface | None:
    """What a module offers; None where it does not parse."""
    module = parse(text)
    if isinstance(module, str):
        return None
    body = list(run_at_import(module.body))
    names = {name: () for name, _ in bound_names(body) if _public(name)}
    imported = [alias.asname or alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names]
    names.update({name: () for name in (*imported, *_on_demand(module)) if _public(name) and name != "*"})
    return {**names, **dict(_definitions(module.body, ""))}


def _on_demand(module: ast.Module) -> Iterator[str]:
    """Names that a module's own `__getattr__` makes when they are asked for, as its tables of names tell."""
    if not any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in module.body):
        return
    for node in module.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Dict):
            yield from (key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _definitions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in run_at_import(body):
        if isinstance(node, FunctionNode) and (_public(node.name) or node.name in ("__init__", "__call__")):
            yield f"{prefix}{node.name}", _parameters(node.args)
        elif isinstance(node, ast.ClassDef) and _public(node.name):
            yield f"{prefix}{node.name}", ()
            yield from ((f"{prefix}{node.name}.{name}", ()) for name, _ in bound_names(node.body) if _public(name))
            yield from _definitions(node.body, f"{prefix}{node.name}.")  # after: a method is more than its name


def _parameters(arguments: ast.arguments) -> tuple[str, ...]:
    plain = [entry.arg for entry in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    stars = [star for star, entry in zip(TAKES_ANY, (arguments.vararg, arguments.kwarg), strict=True) if entry]
    return (*plain, *stars)


def _public(name: str) -> bool:
    return not name.startswith("_")


def _gone(before: Surface, after: Surface) -> Iterator[str]:
    for name, parameters in before.items():
        if name not in after:
            yield name
        elif parameters and "**" not in after[name]:
            yield from (f"{name}({entry})" for entry in parameters if entry not in after[name])


def _was_never(setting: Setting, path: str, gone: list[str]) -> bool:
    """True where an earlier version offered none of it, and nothing else in the tree speaks of it.

    Of a class that goes only its own name counts: others have methods of the same names.
    """
    versions = zip(range(EARLIER), setting.context.history.versions(path), strict=False)
    earlier = [surface_of(version.text) for _, version in versions]
    known = [found for found in earlier if found is not None]
    return any(all(_absent(found, name) for name in gone) for found in known) and not any(
        _used(setting, path, name) for name in gone if not any(name.startswith(f"{other}.") for other in gone)
    )


def _absent(found: Surface, name: str) -> bool:
    function, _, parameter = name.partition("(")
    return parameter.rstrip(")") not in found.get(function, ()) if parameter else name not in found


def _used(setting: Setting, path: str, name: str) -> bool:
    function, _, parameter = name.partition("(")
    word = parameter.rstrip(")") or function.rpartition(".")[2]
    pattern = rf"\b{re.escape(word)}\s*=" if parameter else rf"\b{re.escape(word)}\b"
    return any(other != path for other in setting.index.saying(pattern))
