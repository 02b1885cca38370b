"""Says in words what a setting's type allows: `a whole number from 1 to 1000`. Pure; for messages and tables."""

from typing import Any

import msgspec.inspect as inspect


def expected(kind: Any) -> str:
    """What a value of this annotated type looks like."""
    return _words(inspect.type_info(kind))


def example(kind: Any) -> object:
    """A value to show where there is no default; None where the type has none."""
    found = inspect.type_info(kind)
    schema = found.extra_json_schema if isinstance(found, inspect.Metadata) else None
    examples = (schema or {}).get("examples", [])
    return examples[0] if examples else None


def table_in(kind: Any) -> Any:
    """The struct of a nested table, where the type allows one."""
    found = inspect.type_info(kind)
    if isinstance(found, inspect.Metadata):
        found = found.type
    options = found.types if isinstance(found, inspect.UnionType) else (found,)
    return next((option.cls for option in options if isinstance(option, inspect.StructType)), None)


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return str((schema or {}).get("description") or _words(inner))
        case inspect.UnionType(types=types):
            return " or ".join(_words(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.LiteralType(values=values):
            return _listed([f'"{value}"' for value in values])
        case inspect.ListType():
            return "a list of texts"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number" + _range(kind)
        case inspect.FloatType():
            return "a number" + _range(kind)
        case inspect.StrType():
            return "text in quotes"
    raise TypeError(f"a setting of type {kind} has no words yet")


def _listed(words: list[str]) -> str:
    return " or ".join((", ".join(words[:-1]), words[-1]))


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
