"""Compares live JSON with the schema it should have, and that schema with the one that was accepted.

The schemas are those that msgspec makes. Every field counts as one that has to be there: msgspec writes them all.
"""

from collections.abc import Iterator, Mapping
from typing import Any

LOOKED_AT = 3
"""Elements of a list that are compared; a list of a kind repeats its faults."""
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
    "array": (list, tuple),
    "object": (dict, Mapping),
}


def differences(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What a value lacks or has of another type, each as `path: what`."""
    return list(dict.fromkeys(_compare(value, schema, schema.get("$defs", {}), "")))


def _compare(value: Any, schema: Mapping[str, Any], defs: Mapping[str, Any], path: str) -> Iterator[str]:
    schema = _resolved(schema, defs)
    if "anyOf" in schema:
        found = [list(_compare(value, choice, defs, path)) for choice in schema["anyOf"]]
        if all(found):
            yield from min(found, key=len)
        return
    kind = schema.get("type")
    if kind is not None and not _is(value, kind):
        yield f"{path or 'it'}: {_name(value)} where {kind} should be"
    elif isinstance(value, Mapping):
        yield from _compare_fields(value, schema, defs, path)
    elif isinstance(value, list | tuple):
        for number, (item, of) in enumerate(zip(value, _items(schema), strict=False)):
            if number < LOOKED_AT or "prefixItems" in schema:
                yield from _compare(item, of, defs, f"{path}[]")


def _compare_fields(
    value: Mapping[str, Any], schema: Mapping[str, Any], defs: Mapping[str, Any], path: str
) -> Iterator[str]:
    for name, of in schema.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        if name not in value:
            yield f"{inner}: missing"
        else:
            yield from _compare(value[name], of, defs, inner)


def _items(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from schema.get("prefixItems", ())
    items = schema.get("items")
    while isinstance(items, Mapping):
        yield items


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _KINDS.get(kind, (object,)))


def _name(value: Any) -> str:
    return next((kind for kind in _KINDS if _is(value, kind)), type(value).__name__)


def _resolved(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = defs.get(schema["$ref"].rpartition("/")[2], {})
    return schema


def outline(schema: Mapping[str, Any]) -> dict[str, str]:
    """Every field of every struct in a schema and its type, as plain text: what is kept and compared."""
    found: dict[str, str] = {}
    for name, of in {**schema.get("$defs", {}), "": schema}.items():
        for field, inner in of.get("properties", {}).items():
            found[f"{name}.{field}"] = _type_text(inner)
    return found


def breaking(accepted: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Fields that readers of the accepted outline would miss or read wrongly; a field that is new breaks nobody."""
    return [
        f"{field}: {f'now {now[field]}, was {kind}' if field in now else 'gone'}"
        for field, kind in sorted(accepted.items())
        if now.get(field) != kind
    ]


def _type_text(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return "|".join(sorted(_type_text(choice) for choice in schema["anyOf"]))
    kind = str(schema.get("type", "any"))
    items = schema.get("items")
    return f"{kind}[{_type_text(items)}]" if isinstance(items, Mapping) else kind
