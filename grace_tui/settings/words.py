"""Says in words what a setting's type allows: `a whole number from 1 to 1000`. Pure; for messages and tables."""

from typing import Any

import msgspec.inspect as inspect


def expected(kind: Any) -> str:
    """What a value of this annotated type looks like."""
    return _words(inspect.type_info(kind))


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number" + _range(kind)
        case inspect.FloatType():
            return "a number" + _range(kind)
        case inspect.StrType():
            return "text in quotes"
    raise TypeError(f"a setting of type {kind} has no words yet")


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    match kind.ge, kind.le:
        case None, None:
            return ""
        case least, None:
            return f" from {least:g} up"
        case None, most:
            return f" up to {most:g}"
        case least, most:
            return f" from {_plain(least)} to {_plain(most)}"
    raise AssertionError("unreachable")


def _plain(number: float) -> str:
    return f"{number:.10g}"
