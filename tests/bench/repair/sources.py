"""Python sources as the breakers see them: definitions with their place in the text, and who else uses a name."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the root of the package."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def starts(self) -> list[int]:
        """Offset at which each line begins, in bytes."""
        starts = [0]
        for line in self.text.encode().splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def changed(self, edits: Sequence[tuple[int, int, str]]) -> str:
        """The text with the spans (begin, end, new text), in bytes, put in place."""
        raw = self.text.encode()
        for begin, end, new in sorted(edits, reverse=True):
            raw = raw[:begin] + new.encode() + raw[end:]
        return raw.decode()

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.alias) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno or 0, node.end_col_offset or 0)

    def name_spans(self, name: str, *, owner: str = "") -> list[tuple[int, int]]:
        """Where `name` stands as a bare name or an attribute, and where a `def` or `class` binds it.

        That of a member of `owner` is a bare name only in the body of a class, an attribute only of what surely is it.
        """
        found = []
        bodies = [node for top in ast.walk(self.tree) if isinstance(top, ast.ClassDef) for node in top.body]
        targets = {
            id(each) for node in bodies for each in (*getattr(node, "targets", ()), getattr(node, "target", None))
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and node.id == name and (not owner or id(node) in targets):
                found.append(self.span(node))
            elif isinstance(node, ast.Attribute) and node.attr == name and (not owner or _is(node.value, owner)):
                end = self.at(node.end_lineno or 0, node.end_col_offset or 0)
                found.append((end - len(name.encode()), end))
            elif isinstance(node, Function | ast.ClassDef) and node.name == name:
                line = self.text.encode()[self.at(node.lineno, node.col_offset) :]
                match = re.search(rb"(?:def|class)\s+" + name.encode() + rb"\b", line)
                if match:
                    end = self.at(node.lineno, node.col_offset) + match.end()
                    found.append((end - len(name.encode()), end))
        return found

    def functions(self) -> Iterator[tuple[str, Function]]:
        """(name of the class or "", function) of each module-level function and method that is public."""
        for node in self.tree.body:
            if isinstance(node, Function):
                yield "", node
            elif isinstance(node, ast.ClassDef):
                yield from ((node.name, child) for child in node.body if isinstance(child, Function))

    def classes(self) -> list[ast.ClassDef]:
        return [node for node in self.tree.body if isinstance(node, ast.ClassDef)]


def _is(node: ast.expr, owner: str) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls", owner)


@dataclass(frozen=True)
class Sources:
    """All sources under a root: the package's own, which may be broken, and its tests, which may not."""

    root: Path
    own: tuple[Source, ...]
    tests: tuple[Source, ...]

    def words_elsewhere(self, path: str) -> set[str]:
        """Every identifier that another file uses, tests included."""
        found: set[str] = set()
        for source in (*self.own, *self.tests):
            if source.path != path:
                found |= self.words[source.path]
        return found

    @cached_property
    def words(self) -> dict[str, set[str]]:
        return {source.path: set(re.findall(r"[A-Za-z_]\w+", source.text)) for source in (*self.own, *self.tests)}

    def keywords_elsewhere(self, path: str, function: str) -> set[str]:
        """Keywords that calls of `function` in other files pass."""
        return {
            keyword.arg
            for call in self._calls_elsewhere(path, function)
            for keyword in call.keywords
            if keyword.arg is not None
        }

    def positionals_elsewhere(self, path: str, function: str) -> list[int]:
        """How many positional arguments each call of `function` in other files passes."""
        return [len(call.args) for call in self._calls_elsewhere(path, function)]

    def _calls_elsewhere(self, path: str, function: str) -> Iterator[ast.Call]:
        for source in (*self.own, *self.tests):
            if source.path == path or function not in self.words[source.path]:
                continue
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Call) and function in (
                    getattr(node.func, "id", ""),
                    getattr(node.func, "attr", ""),
                ):
                    yield node


def read_sources(root: Path) -> Sources:
    """Every file under `root` that parses; setup files, documentation and examples are left out."""
    own: list[Source] = []
    tests: list[Source] = []
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root).as_posix()
        if re.match(r"(setup|noxfile|conftest|docs?/|examples?/|benchmarks?/|\.|misc/|tools?/|scripts?/)", path):
            continue
        try:
            source = Source(path, file.read_bytes().decode())
            _ = source.tree
        except (UnicodeDecodeError, SyntaxError):
            continue
        (tests if is_test(path) else own).append(source)
    return Sources(root, tuple(own), tuple(tests))


def is_test(path: str) -> bool:
    parts = path.split("/")
    return bool({"test", "tests", "testing"} & set(parts[:-1])) or bool(
        re.match(r"test_|conftest|.*_test\.py", parts[-1])
    )
