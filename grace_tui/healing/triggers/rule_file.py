"""Reads rules from TOML, or says which line of which file cannot be used and what would be right.

The shipped files stand beside this one. A workspace's own `policies/triggers.toml` adds rules, and overrides shipped
ones key by key. A file that cannot be used changes nothing: its error is for the caller to tell.
"""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from grace_tui.healing.strict import FileRefused, Lines, Problem, read_toml
from grace_tui.healing.triggers.measure import MeasureSpec, Parameter
from grace_tui.healing.triggers.rule import PLAYBOOK, ROUTES, SEVERITIES, Rule, RuleSet, Worse, is_route
from grace_tui.kernel.spelling import nearest, shown

OWN_FILE = "policies/triggers.toml"
SHIPPED = Path(__file__).with_name("shipped")
RULE_LIMIT = 200
RIGHT_ROUTE = f"{PLAYBOOK}NAME, {', '.join(ROUTES[:-1])} or {ROUTES[-1]}"

REQUIRED = frozenset({"name", "measure", "kind", "threshold", "clear"})

_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_NUMBER = re.compile(r"\[[\d.]+\]")
_UNKNOWN = re.compile(r"unknown field `(.+?)`")
_MISSING = re.compile(r"missing required field `(.+?)`")
_EXPECTED = re.compile(r"Expected `(.+?)`(.*)")
_BOUND = re.compile(r"([<>]=) ([0-9.]+)")
_TYPES = {"float": "a number", "int": "a whole number", "str": "a text", "bool": "true or false", "array": "a list"}
_PATTERNS = {"kind": "a name such as QueueGrowth", "name": "small letters, digits and _", "measure": "a measure's name"}
_OCCASIONS = "a list of boot, files.changed, kernel.state, incident.opened"

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may name; `None` where it is not known here, and so not checked."""

    measures: Mapping[str, MeasureSpec]
    playbooks: Collection[str] | None = None
    kernels: Collection[str] | None = None


def load_rules(known: Known, own: Path | None = None, shipped: Path = SHIPPED) -> RuleSet:
    """The shipped rules, with those of a workspace's own file over and beside them.

    Raises:
        FileRefused: a file cannot be read, is not TOML, or has a key or value that cannot be used.
    """
    tables: dict[str, Table] = {}
    rules: dict[str, Rule] = {}
    routes: dict[Any, str] = {}
    files: dict[str, str] = {}
    # A shipped rule may name a kernel or a playbook that this workspace does without.
    anywhere = replace(known, kernels=None, playbooks=None)
    for path in sorted(shipped.glob("*.toml")):
        files |= _take(_Reader(path, anywhere, {}), tables, rules, routes)
    if own is not None and own.exists():
        files |= _take(_Reader(own, known, dict(tables)), tables, rules, routes)
    return RuleSet(tuple(rules.values()), routes, files)


def _take(
    reader: "_Reader", tables: dict[str, Table], rules: dict[str, Rule], routes: dict[Any, str]
) -> dict[str, str]:
    """Add what one file says; returns which rules it has."""
    found = {}
    with suppress(_Wrong):
        for number, table in enumerate(reader.tables()):
            with suppress(_Wrong):
                merged = reader.merged(number, table)
                rule = reader.rule(number, table, merged)
                tables[rule.name], rules[rule.name] = merged, rule
                found[rule.name] = f"{reader.path}"
    with suppress(_Wrong):
        routes |= reader.routes()
    reader.done()
    return found


class _Wrong(Exception):
    """What is read cannot be used any further; what is wrong with it is noted."""


class _Reader:
    """One pass over one file; `below` are the tables that this file's rules go over.

    What is wrong is noted and reading goes on, so that a person is told of every mistake at once.
    """

    def __init__(self, path: Path, known: Known, below: Mapping[str, Table]) -> None:
        self.path, self.known, self.below = path, known, below
        text, self.data = read_toml(path)
        self.lines = Lines(text)
        self.problems: list[Problem] = []

    def done(self) -> None:
        """
        Raises:
            FileRefused: something in the file cannot be used.
        """
        if self.problems:
            raise FileRefused(self.path, sorted(self.problems, key=lambda found: found.line))

    def tables(self) -> list[dict[str, Any]]:
        for key in self.data:
            if key not in ("rule", "routes"):
                self._note(f"{key} is not known; a file of rules has [[rule]] and [routes]", key)
        tables = self.data.get("rule", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._refuse("rule is not a list of tables; write each as [[rule]]", "rule")
        if len(tables) > RULE_LIMIT:
            self._refuse(f"{len(tables)} rules; at most {RULE_LIMIT} are read", "rule", RULE_LIMIT)
        names = [table.get("name") for table in tables]
        for number, name in enumerate(names):
            if name is not None and name in names[:number]:
                self._note(
                    f"name is {shown(name)}, as that of a rule above it; each has its own", "rule", number, "name"
                )
        return tables

    def routes(self) -> dict[str, str]:
        routes = self.data.get("routes", {})
        if not isinstance(routes, dict):
            self._refuse("routes is not a table; write [routes]", "routes")
        for severity, route in routes.items():
            if severity not in SEVERITIES:
                self._note(f"routes.{severity} is no severity; {nearest(severity, SEVERITIES)}", "routes", severity)
            self._check_route(route, "routes", severity)
        return routes

    # ---- a rule

    def merged(self, number: int, table: Table) -> dict[str, Any]:
        """The table over that of the shipped rule of its name."""
        below = self.below.get(str(table.get("name")), {})
        parameters = table.get("parameters", {})
        if not isinstance(parameters, dict):
            self._refuse(f"parameters is {shown(parameters)}; expected a table", "rule", number, "parameters")
        if table.get("measure", below.get("measure")) == below.get("measure"):
            parameters = {**below.get("parameters", {}), **parameters}
        if "worse" in below and "worse" not in table and below["worse"]["at"] <= _number(table.get("threshold")):
            below = {key: value for key, value in below.items() if key != "worse"}  # the new threshold is beyond it
        return {**below, **table, "parameters": parameters}

    def rule(self, number: int, table: Table, merged: Table) -> Rule:
        rule = self._converted(number, merged)
        if rule.clear > rule.threshold:
            right = f"expected at most the threshold, {rule.threshold:g}"
            self._note(f"clear is {rule.clear:g}; {right}", "rule", number, "clear")
        if rule.worse is not None and rule.worse.at <= rule.threshold:
            right = f"expected more than the threshold, {rule.threshold:g}"
            self._note(f"worse.at is {rule.worse.at:g}; {right}", "rule", number, "worse", "at")
        if rule.route:
            self._check_route(rule.route, "rule", number, "route")
        if rule.worse is not None and rule.worse.route:
            self._check_route(rule.worse.route, "rule", number, "worse", "route")
        self._check_names(rule, number, table)
        return msgspec.structs.replace(rule, parameters=self._parameters(rule, number))

    def _converted(self, number: int, merged: Table) -> Rule:
        """The rule of a table; keys that a rule may be without are passed over once they are found wrong."""
        left = dict(merged)
        while True:
            try:
                rule = msgspec.convert(left, Rule)
            except msgspec.ValidationError as error:
                key = self._explain(f"{error}", number, left)
                if key not in left or key in REQUIRED:
                    raise _Wrong from error
                del left[key]
            else:
                return rule

    def _check_names(self, rule: Rule, number: int, table: Table) -> None:
        if rule.measure not in self.known.measures:
            right = nearest(rule.measure, sorted(self.known.measures))
            self._refuse(f"measure {shown(rule.measure)} does not exist; {right}", "rule", number, "measure")
        kernels = self.known.kernels
        if kernels is not None and "kernel" in table and rule.kernel not in {*kernels, "room"}:
            right = nearest(rule.kernel, sorted(kernels))
            self._note(f"kernel {shown(rule.kernel)} is not in this workspace; {right}", "rule", number, "kernel")

    def _check_route(self, route: object, *way: str | int) -> None:
        if not isinstance(route, str) or not is_route(route):
            self._note(f"{way[-1]} is {shown(route)}; expected {RIGHT_ROUTE}", *way)
            return
        name, playbooks = route.removeprefix(PLAYBOOK), self.known.playbooks
        if playbooks is not None and name != route and name not in playbooks:
            self._note(f"{way[-1]}: there is no playbook {name}; {nearest(name, sorted(playbooks))}", *way)

    def _parameters(self, rule: Rule, number: int) -> dict[str, Any]:
        """Every parameter of the measure, with what the rule says of it."""
        specs = self.known.measures[rule.measure].parameters
        for key, value in rule.parameters.items():
            way = ("rule", number, "parameters", key)
            if key not in specs:
                self._note(f"parameters.{key} is none of {rule.measure}; {nearest(key, specs)}", *way)
            elif right := _wanted(specs[key], value):
                self._note(f"parameters.{key} is {shown(value)}; expected {right}", *way)
        if self.problems:  # values of the wrong kind cannot be taken, and nothing of this file will be
            raise _Wrong
        return {key: _taken(spec, rule.parameters.get(key, spec.default)) for key, spec in specs.items()}

    # ---- what is wrong

    def _explain(self, problem: str, number: int, table: Table) -> str:
        """Say in the file's words what the strict model refused; returns the key of the rule that it is in."""
        place = _PLACE.search(problem)
        path = _NUMBER.sub("", place[1]).split(".") if place else []
        told = ".".join(path)
        if found := _UNKNOWN.search(problem):
            right = nearest(found[1], Worse.__struct_fields__ if path else Rule.__struct_fields__)
            key = ".".join([*path, found[1]])
            self._note(f"{key} is not a key of a rule; {right}", "rule", number, *path, found[1])
            return [*path, found[1]][0]
        if found := _MISSING.search(problem):
            unknown = "" if path or table.get("measure") else self._no_such_rule(table)
            self._note(f"{'.'.join([*path, found[1]])} is missing{unknown}", "rule", number, *path)
            return path[0] if path else ""
        value: Any = table
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else value
        right = _right(problem, path[-1] if path else "")
        self._note(f"{told} is {shown(value)}; expected {right}", "rule", number, *path)
        return path[0] if path else ""

    def _no_such_rule(self, table: Table) -> str:
        """What to add where a rule lacks what only a shipped one may leave out."""
        name = table.get("name")
        return f"; no shipped rule is named {shown(name)}, {nearest(str(name), self.below)}" if name else ""

    def _note(self, problem: str, *way: str | int) -> None:
        key = ".".join(part for part in way[1:] if isinstance(part, str)) or f"{way[0]}"
        self.problems.append(Problem(problem, self.lines.of(way), key))

    def _refuse(self, problem: str, *way: str | int) -> NoReturn:
        self._note(problem, *way)
        raise _Wrong


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("-inf")


def _right(problem: str, key: str) -> str:
    """What would have been right, from what the strict model says."""
    if key == "severity":
        return f"one of {', '.join(SEVERITIES)}"
    if key == "on":
        return _OCCASIONS
    if "matching regex" in problem:
        return _PATTERNS.get(key, "a name")
    found = _EXPECTED.search(_PLACE.sub("", problem))
    if found is None:
        return "another value"
    kind = next((_TYPES[part] for part in re.split(r"[ |]+", found[1]) if part in _TYPES), "a table")
    bound = _BOUND.search(found[2])
    return f"{kind} of at {'least' if bound[1] == '>=' else 'most'} {float(bound[2]):g}" if bound else kind


def _wanted(spec: Parameter, value: object) -> str:
    """What would be right, where `value` is not."""
    if spec.kind == "texts":
        good = isinstance(value, list) and all(isinstance(text, str) for text in value)
        return "" if good else "a list of texts"
    if spec.kind == "text":
        return "" if isinstance(value, str) else "a text"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "a number"
    return "" if spec.least <= value <= spec.most else f"a number from {spec.least:g} to {spec.most:g}"


def _taken(spec: Parameter, value: Any) -> Any:
    return {"texts": list, "text": str, "number": float}[spec.kind](value)
