"""Reads a playbook from its TOML file, or says of every line that cannot be used what would be right.

Checked against the actions and kernels that there are, so that nothing is found out while a run is under way.
"""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from grace_tui.healing.condition_form import BadCondition
from grace_tui.healing.playbooks.arguments import Known, Wrong, checked, missing
from grace_tui.healing.playbooks.flow import faults
from grace_tui.healing.playbooks.model import SPAN, Budget, Check, Judged, Playbook, Span, Step, Strict
from grace_tui.healing.playbooks.namespace import judged
from grace_tui.healing.strict import FileRefused, Lines, Problem, Way, read_toml
from grace_tui.kernel.spelling import nearest, shown, span

__all__ = ["Known", "load_playbook"]

HIDDEN = frozenset({"file"})
"""Fields that no file sets."""
TABLES: Mapping[str, type[Strict]] = {"step": Step, "verify": Check}
LEAST_SPANS = {"timeout": 0.05, "within": 0.05}
"""Keys for which no time at all makes no sense."""


def load_playbook(path: Path, known: Known) -> Playbook:
    """Read one file.

    Raises:
        FileRefused: it cannot be read, or something in it cannot be used; every such line is named.
    """
    text, data = read_toml(path)
    return _Reader(path, text, known).playbook(data)


class _Reader:
    """One pass over one parsed file; faults are gathered, so that all of them are told at once."""

    def __init__(self, path: Path, text: str, known: Known) -> None:
        self.path, self.lines, self.known = path, Lines(text), known
        self.problems: list[Problem] = []

    def playbook(self, data: Mapping[str, Any]) -> Playbook:
        values = self._values(data, Playbook, ())
        values.setdefault("name", self.path.stem)
        self._stop_if_wrong()
        steps = tuple(self._step(number, step) for number, step in enumerate(values["step"]))
        self._check_names(steps)
        for number, key, problem in faults(steps):
            self._say(("step", number, key), f"step {number + 1}: {problem}")
        self._condition(("when",), values["when"])
        for number, check in enumerate(values.get("verify", ())):
            self._condition(("verify", number, "that"), check.that)
            if check.for_ > check.within:
                problem = f"for is {check.for_:g} s, which is longer than within, {check.within:g} s"
                self._say(("verify", number, "for"), f"verify {number + 1}: {problem}")
        self._stop_if_wrong()
        return Playbook(**{**values, "step": steps, "file": str(self.path)})

    # ---- keys and kinds

    def _values(self, data: Mapping[str, Any], kind: type[Strict], at: Way) -> dict[str, Any]:
        fields = _fields(kind)
        found: dict[str, Any] = {}
        for key, value in data.items():
            if key not in fields:
                self._say((*at, key), f"{_told(at, key)} is not a key of a playbook; {nearest(key, fields)}")
            elif (taken := self._value((*at, key), value, fields[key].type)) is not _NOTHING:
                found[fields[key].name] = taken
        for key, field in fields.items():
            if field.required and key not in data:
                self._say((*at, key), f"{_told(at, key)} is missing; expected {_words(field.type)}")
        return found

    def _value(self, at: Way, value: Any, kind: Any) -> Any:
        key = str(at[-1])
        if key in TABLES and len(at) == 1:
            return self._tables(at, value, TABLES[key])
        if key == "budget" and isinstance(value, dict):
            return self._struct(at, value, Budget)
        if kind is Span:
            return self._span(at, value)
        if kind is Judged and value in (True, False):
            value = "true" if value else "false"
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            self._say(at, f"{_told(at[:-1], key)} is {shown(value)}; expected {_words(kind)}")
            return _NOTHING

    def _tables(self, at: Way, value: Any, kind: type[Strict]) -> Any:
        if not isinstance(value, list) or not all(isinstance(table, dict) for table in value) or not value:
            self._say(at, f"{at[0]} is {shown(value)}; write each as [[{at[0]}]]")
            return _NOTHING
        if len(value) > 50:
            self._say(at, f"there are {len(value)} tables [[{at[0]}]]; at most 50")
            return _NOTHING
        return tuple(self._struct((*at, number), table, kind) for number, table in enumerate(value))

    def _struct(self, at: Way, data: Mapping[str, Any], kind: type[Strict]) -> Any:
        before = len(self.problems)
        values = self._values(data, kind, at)
        return kind(**values) if len(self.problems) == before else _NOTHING

    def _span(self, at: Way, value: Any) -> Any:
        try:
            return span(value, LEAST_SPANS.get(str(at[-1]), 0.0))
        except ValueError as error:
            self._say(at, f"{_told(at[:-1], str(at[-1]))} is {shown(value)}; expected {error}")
            return _NOTHING

    # ---- what a step does

    def _step(self, number: int, step: Step) -> Step:
        at: Way = ("step", number)
        self._condition((*at, "when"), step.when)
        if step.until:
            self._condition((*at, "until"), step.until)
        spec = self.known.actions.get(step.action)
        if spec is None:
            right = nearest(step.action, sorted(self.known.actions))
            self._say((*at, "action"), f'{_told(at, "action")} is "{step.action}", which does not exist; {right}')
            return msgspec.structs.replace(step, name=step.name or step.action)
        given: dict[str, Any] = {}
        for name, value in step.with_.items():
            try:
                given[name] = checked(spec, name, value, self.known)
            except Wrong as wrong:
                self._say((*at, "with", name), f"{_told(at, f'with.{name}')}: {wrong}")
        for name, parameter in missing(spec, step.with_):
            self._say((*at, "with"), f"{_told(at, f'with.{name}')} is missing; {spec.name} needs it: {parameter.says}")
        if step.until and not spec.undoes:
            able = ", ".join(sorted(name for name, found in self.known.actions.items() if found.undoes))
            problem = f"what {spec.name} does cannot be taken back; `until` goes with {able}"
            self._say((*at, "until"), f"{_told(at, 'until')}: {problem}")
        return msgspec.structs.replace(step, name=step.name or step.action, with_=given)

    def _check_names(self, steps: tuple[Step, ...]) -> None:
        for number, name in _repeated([step.name for step in steps]):
            self._say(("step", number, "name"), f'step {number + 1}: another step is called "{name}"; name each anew')

    def _condition(self, at: Way, text: str) -> None:
        try:
            judged(text)
        except BadCondition as bad:
            self._say(at, f"{_told(at[:-1], str(at[-1]))}: {bad}")

    # ---- telling

    def _say(self, at: Way, text: str) -> None:
        self.problems.append(Problem(text, self.lines.of(at), ".".join(map(str, at))))

    def _stop_if_wrong(self) -> None:
        if self.problems:
            raise FileRefused(self.path, sorted(self.problems, key=lambda found: found.line))


_NOTHING: Any = object()


@functools.cache
def _fields(kind: type[Strict]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """The keys of a table."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind) if field.name not in HIDDEN}


def _repeated(names: list[str]) -> Iterator[tuple[int, str]]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield number, name


def _told(at: Way, key: str) -> str:
    """`step 2: timeout` for a key of the second step."""
    if len(at) > 1 and isinstance(at[1], int):
        inner = ".".join(map(str, (*at[2:], key)))
        return f"{at[0]} {at[1] + 1}: {inner}"
    return ".".join(map(str, (*at, key)))


def _words(kind: Any) -> str:
    """What a key's value looks like."""
    for field in getattr(kind, "__metadata__", ()):
        if isinstance(field, msgspec.Meta) and field.description:
            return field.description
    return "a table with runs and within" if kind == Budget | None else SPAN
