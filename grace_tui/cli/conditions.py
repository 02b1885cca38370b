"""What `status --wait` waits for: `running=20`, `failed=0`, `running>=18`, `state=steady`. Pure."""

import re
from dataclasses import dataclass

import msgspec

from grace_tui.cli.exits import WRONG, Ended
from grace_tui.faces.views import RoomView

_FORM = re.compile(r"^\s*(?P<field>\w+)\s*(?P<sign>>=|<=|=)\s*(?P<value>.+?)\s*$")


@dataclass(frozen=True, slots=True)
class Condition:
    field: str
    sign: str
    value: str | float

    def holds(self, view: RoomView) -> bool:
        found = getattr(view, self.field)
        if self.sign == "=" or isinstance(self.value, str):
            return bool(found == self.value)
        return bool(found >= self.value if self.sign == ">=" else found <= self.value)

    def shortfall(self, view: RoomView) -> str:
        """What it is instead."""
        return f"{self.field} is {getattr(view, self.field)}, not {self.sign.lstrip('=')}{_spelled(self.value)}"


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        Ended: it names no number or word of the room's view (exit code 2).
    """
    form = _FORM.match(text)
    if form is None:
        raise Ended(f"--wait {text}: say what to wait for as in running=20", WRONG)
    kinds = {found.name: found.type for found in msgspec.structs.fields(RoomView) if found.type in (int, float, str)}
    if form["field"] not in kinds:
        raise Ended(f"--wait {text}: {form['field']} is none of {', '.join(kinds)}", WRONG)
    if kinds[form["field"]] is str:
        if form["sign"] != "=":
            raise Ended(f"--wait {text}: {form['field']} is a word; compare it with =", WRONG)
        return Condition(form["field"], "=", form["value"])
    try:
        return Condition(form["field"], form["sign"], float(form["value"]))
    except ValueError as error:
        raise Ended(f"--wait {text}: {form['value']} is not a number", WRONG) from error


def _spelled(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
