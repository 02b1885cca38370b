"""Values of a crash as plain notes, taken where it happened without running a line of their code.

Only what the interpreter itself stores is read (builtin containers, `__dict__`, slots), through the builtin types' own
methods and never through a name that a class could have replaced: no `__repr__`, `__len__`, `__class__`, property or
hash of a value's own is called. A budget bounds what is read; `wording` makes text of the notes later, elsewhere.
"""

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any

from grace_tui.healing.incidents.evidence.plain import Quoted, plain
from grace_tui.healing.incidents.evidence.storage import ITEMS, NAME_LIMIT, fields, module_of, type_name
from grace_tui.kernel.redact import SHOWN, is_secret_name

NODES = 300
"""Values that are looked at for one failure; what comes after shows its type only."""
DEPTH = 3
KEY_MATERIAL = 16
"""Characters from which what is called a key is taken for one, rather than for the name of an entry."""


@dataclass(frozen=True, slots=True)
class Group:
    """Several values between brackets, each with what it is called where it has a name."""

    before: str
    items: "tuple[tuple[Note | None, Note], ...]"
    joint: str
    """Between a name and its value."""
    after: str
    more: bool


Note = str | Quoted | Group
"""A value as it was: finished text, text that is not yet safe to show, or several of them."""


class Walker:
    """Looks at values until its budget is spent; made anew for every failure."""

    def __init__(self, nodes: int = NODES) -> None:
        self.left = nodes
        self._around: set[int] = set()
        """Containers that the value being looked at lies in."""
        self._known: dict[int, tuple[object, int, Note]] = {}
        """What was looked at already, at which depth: a method's frames share what they work on."""

    def note(self, value: object, name: str = "", depth: int = 0) -> Note:
        """What `value` is; `name` decides whether it may be shown."""
        kind = type(value)
        if value is None or value is True or value is False:
            return str(value)
        if name and hides(name, value, kind):
            return SHOWN
        self.left -= 1
        told = plain(value, kind)
        if told is not None:
            return told
        if id(value) in self._around:
            return f"<the {type_name(kind)} around this>"
        known = self._known.get(id(value))
        if known is not None and known[1] <= depth:
            return known[2]
        if self.left <= 0 or depth >= DEPTH:
            return f"<{type_name(kind)}>"
        self._around.add(id(value))
        try:
            note = self._several(value, kind, depth)
        except (RuntimeError, AttributeError, TypeError) as error:  # another thread changes it at this moment
            return f"<{type_name(kind)}, which could not be read: {type(error).__name__}>"
        finally:
            self._around.discard(id(value))
        self._known[id(value)] = (value, depth, note)  # with the value, so that no other gets its id
        return note

    def _several(self, value: object, kind: type, depth: int) -> Note:
        for base, walk in (
            (list, self._sequence),
            (tuple, self._sequence),
            (dict, self._mapping),
            (set, self._sequence),
            (frozenset, self._sequence),
            (deque, self._sequence),
        ):
            if issubclass(kind, base):
                before, after = _BRACKETS[base]
                if kind is not base:
                    before, after = f"{type_name(kind)}({before}", f"{after})"
                return walk(value, base, before, after, depth)
        return self._object(value, kind, depth)

    def _sequence(self, value: Any, base: Any, before: str, after: str, depth: int) -> Note:
        found: list[object] = list(islice(base.__iter__(value), ITEMS + 1))
        items: list[tuple[Note | None, Note]] = []
        name = ""
        for item in found[:ITEMS]:
            items.append((None, self.note(item, name, depth + 1)))
            name = _flag(item)  # `--token`, `abc`: also a header and its value
        if base is set and not found:
            before, after = "set(", ")"
        if base is tuple and len(items) == 1 and after == ")":
            after = ",)"
        return Group(before, tuple(items), "", after, len(found) > ITEMS)

    def _mapping(self, value: Any, base: Any, before: str, after: str, depth: int) -> Note:
        found: list[tuple[object, object]] = list(islice(base.items(value), ITEMS + 1))
        items = tuple(
            (self.note(key, "", depth + 1), self.note(item, _flag(key), depth + 1)) for key, item in found[:ITEMS]
        )
        return Group(before, items, ": ", after, len(found) > ITEMS)

    def _object(self, value: object, kind: type, depth: int) -> Note:
        # What a kernel was given (its context, its ports) is the same for all, and would crowd out what is its own.
        of_ours = depth > 0 and module_of(kind).startswith("grace_tui.")
        found = [] if of_ours else list(islice(fields(value, kind), ITEMS + 1))
        if not found:
            return f"<{type_name(kind)}>"
        items = tuple((name[:NAME_LIMIT], self.note(item, name, depth + 1)) for name, item in found[:ITEMS])
        return Group(f"{type_name(kind)}(", items, "=", ")", len(found) > ITEMS)


_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
}


def hides(name: str, value: object, kind: type) -> bool:
    """Whether a value's name says that nobody else may see it."""
    if is_secret_name(name[:NAME_LIMIT]):
        return True
    if not name.lower().endswith("key"):
        return False
    return (issubclass(kind, str) and str.__len__(value) >= KEY_MATERIAL) or (  # type: ignore[arg-type]
        issubclass(kind, bytes) and bytes.__len__(value) >= KEY_MATERIAL  # type: ignore[arg-type]
    )


def _flag(item: object) -> str:
    """What an item of a sequence, or a key, says of the value after it."""
    if type(item) is bytes:
        item = item[:NAME_LIMIT].decode("latin-1")
    return item if type(item) is str and len(item) < NAME_LIMIT and " " not in item else ""
