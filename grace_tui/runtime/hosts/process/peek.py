"""What a kernel's file says of its host, read without running it: a kernel for a process is never imported here."""

import ast
from dataclasses import dataclass
from pathlib import Path

from grace_tui.kernel.parsing import parse_module


@dataclass(frozen=True, slots=True)
class Said:
    """Empty where the file says nothing, or says it in a way that only running it would tell."""

    isolation: str = ""
    task_only: str = ""


def peek(path: Path) -> Said:
    """Look for a literal `isolation` and `task_only` in the `KernelSpec(...)` of a class in this file."""
    try:
        source = path.read_bytes()
        if not any(word in source for word in (b"isolation", b"task_only")):
            return Said()
        tree = parse_module(source)
    except (OSError, SyntaxError, ValueError):  # loading it will say so
        return Said()
    specs = [node for kind in tree.body if isinstance(kind, ast.ClassDef) for node in kind.body if _is_spec(node)]
    found = {
        keyword.arg: keyword.value.value
        for spec in specs
        for keyword in _keywords(spec)
        if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }
    return Said(found.get("isolation", ""), found.get("task_only", ""))


def _is_spec(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(target, ast.Name) and target.id == "spec" for target in targets)


def _keywords(node: ast.stmt) -> list[ast.keyword]:
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return value.keywords if isinstance(value, ast.Call) else []
