"""One call as an action sees it: its arguments read as what the catalogue says they are.

The engine has checked what a playbook says; what a template put in its place is checked here.
"""

from collections.abc import Mapping

from grace_tui.healing.playbooks.actions import ActionFailed, ActionSpec, Call, Parameter


class Asked:
    def __init__(self, call: Call, spec: ActionSpec) -> None:
        self.call, self.spec = call, spec
        for name in call.arguments:
            if name not in spec.parameters:
                right = ", ".join(spec.parameters) or "none"
                raise ActionFailed(f"{spec.name} has no parameter {name!r}; it has {right}")

    @property
    def by(self) -> str:
        return self.call.by

    @property
    def resource(self) -> str:
        """What the act is about, for the audit log."""
        if "kernel" in self.spec.parameters:
            return self.kernel()
        for name in ("path", "topic", "to"):
            if name in self.spec.parameters and self.call.arguments.get(name):
                return str(self.call.arguments[name])
        return self.call.incident.id

    def kernel(self) -> str:
        """The kernel that is named, else the incident's."""
        return self.text("kernel") or self.call.incident.kernel

    def text(self, name: str) -> str:
        value = self._given(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(name, value, "a text")
        choices = self._parameter(name).choices
        if choices and value not in choices:
            raise self._wrong(name, value, f"one of {', '.join(choices)}")
        return value

    def number(self, name: str, least: int, most: int) -> int:
        found = self.number_or_none(name, least, most)
        if found is None:
            raise ActionFailed(f"{self.spec.name}: {name} is missing; {self._parameter(name).says}")
        return found

    def number_or_none(self, name: str, least: int, most: int) -> int | None:
        value = self._given(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise self._wrong(name, value, "a whole number")
        if not least <= value <= most:
            raise self._wrong(name, value, f"a whole number from {least} to {most}")
        return int(value)

    def seconds(self, name: str) -> float:
        value = self._given(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400:
            raise self._wrong(name, value, "seconds, from 0 to 86400")
        return float(value)

    def _given(self, name: str) -> object:
        parameter = self._parameter(name)
        value = self.call.arguments.get(name)
        if value in (None, "") and parameter.required:
            raise ActionFailed(f"{self.spec.name} needs {name}: {parameter.says}")
        return parameter.default if value is None else value

    def _parameter(self, name: str) -> Parameter:
        return self.spec.parameters[name]

    def _wrong(self, name: str, value: object, right: str) -> ActionFailed:
        return ActionFailed(f"{self.spec.name}: {name} is {value!r}; expected {right}")


def undo_text(undo: Mapping[str, object], name: str) -> str:
    """One text of what an action left for its undo; such data comes back from a store, so it is not trusted."""
    value = undo.get(name)
    if not isinstance(value, str):
        raise ActionFailed(f"what was kept to take this back has no {name}")
    return value


def undo_texts(undo: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = undo.get(name)
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ActionFailed(f"what was kept to take this back has no {name}")
    return tuple(value)
