"""Literal mappings of the tree: which has these keys, and which others have a key that one lacks."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.patch import Site


@dataclass(frozen=True)
class Mapping:
    path: str
    line: int
    name: str
    """What it is assigned to, as written; empty where it is not."""
    node: ast.Dict

    @property
    def keys(self) -> tuple[str, ...]:
        constants = (key.value for key in self.node.keys if isinstance(key, ast.Constant))
        return tuple(key for key in constants if isinstance(key, str))

    @property
    def whole(self) -> bool:
        """All its keys can be read."""
        return len(self.keys) == len(self.node.keys)

    def value(self, key: str) -> ast.expr | None:
        for entry, value in zip(self.node.keys, self.node.values, strict=True):
            if isinstance(entry, ast.Constant) and entry.value == key:
                return value
        return None


def mappings(index: Index, word: str) -> Iterator[Mapping]:
    """Literal mappings with string keys in files that say the word; tests aside."""
    for path in index.saying(word):
        module = index.parsed(path)
        if module is not None and not is_test(path):
            yield from _in(module, path)


def _in(module: ast.Module, path: str) -> Iterator[Mapping]:
    named: dict[ast.AST, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            named[node.value] = ast.unparse(node.targets[0])
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            named[node.value] = ast.unparse(node.target)
        if isinstance(node, ast.Dict) and node.keys:
            mapping = Mapping(path, node.lineno, named.get(node, ""), node)
            if mapping.keys:
                yield mapping


def shared(one: Collection[str], other: Collection[str]) -> float:
    """How much of the smaller of two sets of keys the other has."""
    both = set(one) & set(other)
    return len(both) / max(min(len(set(one)), len(set(other))), 1)


def mapping_of(index: Index, site: Site) -> Mapping | None:
    """The literal of the site: by its name, else the only one that has exactly the keys that were there."""
    module = index.parsed(site.provider)
    every = [each for each in (_in(module, site.provider) if module else ()) if site.name not in each.keys]
    named = [each for each in every if each.name == site.qualname and each.whole]
    if len(named) == 1:
        return named[0]
    same = [each for each in every if set(each.keys) == set(site.asked) and each.whole]
    return same[0] if len(same) == 1 else None


def is_constant(value: ast.expr) -> bool:
    """Whether a value means the same wherever it stands."""
    return not any(isinstance(part, ast.Name | ast.Call | ast.Lambda | ast.comprehension) for part in ast.walk(value))
