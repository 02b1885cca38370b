"""Conditions that files may hold, judged by the values of the moment. Their form stands in `condition_form`.

Held by playbooks and trigger rules. simpleeval evaluates; nothing is ever given to `eval`.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grace_tui.healing.condition_form import FUNCTIONS, Names, checked, path_of
from grace_tui.kernel.errors import GraceError

if TYPE_CHECKING:
    from simpleeval import SimpleEval


class ConditionFailed(GraceError):
    """A condition could not be judged, so it does not hold; the text says why."""


class Condition:
    """One condition, checked.

    Raises:
        BadCondition: it does not parse, or uses a name, a function or a kind of value that it cannot.
    """

    def __init__(self, text: str, names: Names, where: str = "") -> None:
        self.text, self.where = text, where
        self._tree = checked(text, names, where)

    def holds(self, namespace: Mapping[str, Any]) -> bool:
        """Judge it by the values of this moment.

        Raises:
            ConditionFailed: a value is missing (None counts as missing), or is of a kind that cannot be judged.
        """
        from simpleeval import InvalidExpression  # imported where a condition is judged: it costs 8 ms

        evaluator = self._evaluator
        evaluator.names = _Values(namespace, "")
        try:
            found = evaluator.eval(self.text, previously_parsed=self._tree)
        except (InvalidExpression, TypeError, ValueError, ArithmeticError) as error:
            raise ConditionFailed(f"{self.text}: {error}") from error
        if not isinstance(found, bool):
            raise ConditionFailed(f"{self.text}: gives {found!r}, which is neither true nor false")
        return found

    @cached_property
    def uses(self) -> tuple[str, ...]:
        """Every name it judges by, in order, such as `kernel.state`."""
        return tuple(dict.fromkeys(_used(self._tree)))

    def told(self, namespace: Mapping[str, Any]) -> str:
        """The values it judges by: `kernel.state is failed, incident.count is 3`."""
        return ", ".join(f"{path} is {_shown(look_up(path, namespace))}" for path in self.uses)

    @cached_property
    def _evaluator(self) -> "SimpleEval":
        from simpleeval import DEFAULT_OPERATORS, EvalWithCompoundTypes

        functions = {name: function for name, (function, _, _) in FUNCTIONS.items()}
        return EvalWithCompoundTypes(operators=DEFAULT_OPERATORS, functions=functions)


def look_up(path: str, namespace: Mapping[str, Any]) -> Any:
    """The value of a dotted name; None where it, or a part of its way, is missing."""
    found: Any = namespace
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


class _Values:
    """Names as the evaluator asks for them; a value that is missing ends the evaluation."""

    __slots__ = ("_path", "_values")  # the evaluator refuses names that begin so

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self._values, self._path = values, path

    def __getitem__(self, name: str) -> Any:
        path = f"{self._path}.{name}" if self._path else name
        value = self._values.get(name)
        if value is None:
            raise ConditionFailed(f"{path} is not known")
        return _Values(value, path) if isinstance(value, Mapping) else value


def _used(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name | ast.Attribute) and (path := path_of(node)) is not None:
        yield path
        return
    for child in _parts(node):
        yield from _used(child)


def _parts(node: ast.AST) -> Sequence[ast.AST]:
    """What a node is made of, without the name of a function."""
    return node.args if isinstance(node, ast.Call) else list(ast.iter_child_nodes(node))


def _shown(value: object) -> str:
    if value is None:
        return "not known"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)[:60] or "empty"
