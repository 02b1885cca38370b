"""How likely a kernel is to fail next, as a score from 0 to 1 made of measured parts; each part can be shown.

A part that cannot be measured is unknown, and its weight goes to the others. Pure but for the reading of files.
"""

import ast
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from grace_tui.kernel.parsing import parse_module

WEIGHTS: Mapping[str, float] = {
    "crashes": 0.35,
    "churn": 0.2,
    "complexity": 0.15,
    "coverage": 0.15,
    "broad excepts": 0.05,
    "size": 0.1,
}
FULL: Mapping[str, float] = {"crashes": 10, "churn": 15, "complexity": 25, "broad excepts": 5, "size": 1_000}
"""From this value on a part counts in full."""
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension, ast.match_case)


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    value: float | None
    """As it was measured; None where it could not be."""
    share: float
    """What it adds to the score."""
    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What is measured in source text."""

    lines: int = 0
    """Of the longest file."""
    complexity: int = 0
    """Of the most complex function: one, and one more for each branch."""
    broad: int = 0
    """Handlers that take any exception and neither raise nor use it."""


def score(measured: Mapping[str, float | None]) -> tuple[float, tuple[Part, ...]]:
    """The score and its parts; coverage is a share from 0 to 1, the others are counts."""
    known = sum(WEIGHTS[name] for name, value in measured.items() if value is not None)
    parts = []
    for name, value in measured.items():
        if value is None:
            parts.append(Part(name, None, 0.0, f"{name} unknown"))
            continue
        badness = 1.0 - value if name == "coverage" else min(value / FULL[name], 1.0)
        share = round(badness * WEIGHTS[name] / known, 3)
        shown = f"{value:.0%}" if name == "coverage" else f"{value:g}"
        parts.append(Part(name, value, share, f"{name} {shown} (+{share:.2f})"))
    return round(sum(part.share for part in parts), 3), tuple(parts)


def shape(sources: Iterable[bytes]) -> Shape:
    """The worst of a kernel's files in each respect; one that does not parse counts by its lines."""
    lines = worst = broad = 0
    for source in sources:
        lines = max(lines, source.count(b"\n") + 1)
        try:
            tree = parse_module(source)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                worst = max(worst, _complexity(node))
            elif isinstance(node, ast.ExceptHandler):
                broad += _is_broad(node)
    return Shape(lines, worst, broad)


def _complexity(function: ast.AST) -> int:
    found = 1
    for node in ast.walk(function):
        if isinstance(node, _BRANCHES):
            found += 1
        elif isinstance(node, ast.BoolOp):
            found += len(node.values) - 1
    return found


def _is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id if isinstance(kind, ast.Name) else "" for kind in kinds if kind is not None}
    if handler.type is not None and not names & {"Exception", "BaseException"}:
        return False
    used = {node.id for node in ast.walk(handler) if isinstance(node, ast.Name)}
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    return not raises and (handler.name is None or handler.name not in used)


def coverage(root: Path) -> Mapping[str, float] | None:
    """File -> covered share, from `coverage.json` or `coverage.xml` of the workspace; None where there is neither."""
    for name, read in (("coverage.json", _from_json), ("coverage.xml", _from_xml)):
        try:
            return read(root / name)
        except OSError:
            continue
        except (ValueError, KeyError, TypeError, AttributeError, ElementTree.ParseError):
            continue  # not a coverage file: then coverage is unknown, and shown as such
    return None


def _from_json(path: Path) -> Mapping[str, float]:
    files = json.loads(path.read_bytes())["files"]
    return {name: float(file["summary"]["percent_covered"]) / 100 for name, file in files.items()}


def _from_xml(path: Path) -> Mapping[str, float]:
    tree = ElementTree.fromstring(path.read_bytes())
    return {found.attrib["filename"]: float(found.attrib["line-rate"]) for found in tree.iter("class")}
