"""YAML as texts with lines: every plain value stays as it is spelled, and every key knows where it stands.

Safe: no tag makes an object, aliases are not copied, and a file that refers to itself is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grace_tui.cli.importing.found import ImportRefused, read_text

DEEPEST = 12


class _Texts(yaml.SafeLoader):
    """Plain values stay text, so that `no` is no truth value and `08` no number; only `<<` keeps its meaning."""

    yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("^<<$"))]}  # noqa: RUF012  # as the base has


@dataclass(frozen=True, slots=True)
class Document:
    path: Path
    data: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int]

    def line(self, at: tuple[str, ...]) -> int:
        """The line of a key, or of the nearest one around it."""
        return next((self.lines[at[:end]] for end in range(len(at), 0, -1) if at[:end] in self.lines), 0)

    def refuse(self, at: tuple[str, ...], problem: str) -> ImportRefused:
        return ImportRefused(self.path, self.line(at), f"{'.'.join(at)} {problem}")


def read_yaml(path: Path) -> Document:
    """Read one mapping.

    Raises:
        ImportRefused: it is no YAML, has a key twice, or is no mapping.
    """
    loader = _Texts(read_text(path))
    try:
        root = loader.get_single_node()
        lines: dict[tuple[str, ...], int] = {}
        _walk(root, (), lines, path)
        data = loader.construct_document(root) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ImportRefused(path, line, f"not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ImportRefused(path, 0, f"not YAML: {error}") from error
    except RecursionError as error:
        raise ImportRefused(path, 0, "is nested too deep") from error
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise ImportRefused(path, 1, "is no mapping; expected keys such as `processes:`")
    return Document(path, data, lines)


def _walk(node: yaml.Node | None, at: tuple[str, ...], lines: dict[tuple[str, ...], int], path: Path) -> None:
    """Note the line of every key that is not reached through another one's alias."""
    if not isinstance(node, yaml.MappingNode) or len(at) > DEEPEST:
        return
    for key, value in node.value:
        name = (*at, str(key.value))
        line = key.start_mark.line + 1
        if name in lines and lines[name] != line and key.value != "<<":
            raise ImportRefused(path, line, f"{'.'.join(name)} stands in line {lines[name]} already")
        lines[name] = line
        if value.start_mark.index >= key.end_mark.index:  # an alias points back to where its value stands
            _walk(value, name, lines, path)
