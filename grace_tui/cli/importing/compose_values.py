"""Values of a process-compose.yaml, checked: each refusal names file, line, key, value and what would be right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grace_tui.cli.importing.found import ImportRefused
from grace_tui.cli.importing.yamltext import Document
from grace_tui.kernel.spelling import shown

At = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """Each method reads the key that ends `at` from the mapping around it; a key that is not there is empty."""

    document: Document

    def wrong(self, at: At, value: object, right: str) -> ImportRefused:
        return self.document.refuse(at, f"is {shown(value)}; expected {right}")

    def mapping(self, data: Mapping[str, Any], at: At) -> Mapping[str, Any]:
        value = data.get(at[-1]) or {}
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise self.wrong(at, value, "a mapping")
        return value

    def text(self, data: Mapping[str, Any], at: At) -> str:
        value = data.get(at[-1]) or ""
        if not isinstance(value, str):
            raise self.wrong(at, value, "text")
        return "" if value in ("~", "null") else value

    def texts(self, data: Mapping[str, Any], at: At) -> list[str]:
        """A list of texts; one text is a list of it."""
        value = data.get(at[-1]) or []
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self.wrong(at, value, "a list of texts")
        return found

    def count(self, data: Mapping[str, Any], at: At) -> int:
        text = self.text(data, at) or "0"
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise self.wrong(at, text, "a whole number from 0 up")
        return int(text)

    def truth(self, data: Mapping[str, Any], at: At) -> bool | None:
        text = self.text(data, at).lower()
        if text not in ("", "true", "false", "yes", "no", "on", "off"):
            raise self.wrong(at, text, "true or false")
        return text in ("true", "yes", "on") if text else None

    def environment(self, data: Mapping[str, Any], at: At) -> dict[str, str]:
        """A list of NAME=value, or a mapping of them."""
        value = data.get(at[-1]) or []
        if isinstance(value, dict):
            return {key: self.text(value, (*at, key)) for key in self.mapping(data, at)}
        found = {}
        for each in self.texts(data, at):
            name, equals, text = each.partition("=")
            if not name or not equals:
                raise self.wrong(at, each, "NAME=value")
            found[name] = text
        return found
