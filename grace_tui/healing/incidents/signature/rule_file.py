"""Reads `policies/grouping.toml`, or says exactly which line cannot be used and what would be right.

Called by the room when it opens and when the file changes. A file that cannot be used changes nothing: its error is
for the caller to tell.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grace_tui.healing.incidents.signature.rules import SPLITS, Rule
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.repeats import repeats_a_repeat
from grace_tui.kernel.spelling import nearest

RULES_FILE = "policies/grouping.toml"
MATCHERS = ("kind", "message", "function", "file", "kernel")
KEYS = ("name", *MATCHERS, "group", "split_by")
RULE_LIMIT = 200

_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_HEADER = re.compile(r"^\s*\[\[\s*rule\s*\]\]")
_GROUP = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")


class RuleFileError(GraceError):
    """The file of grouping rules says something that cannot be used."""

    def __init__(self, path: Path, problem: str, line: int = 0) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''}: {problem}")
        self.path, self.problem, self.line = path, problem, line


def load_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a file, in its order; none where there is no file.

    Raises:
        RuleFileError: the file cannot be read, is not TOML, or has a key or value that cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(path, f"cannot be read: {error}") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        raise RuleFileError(path, f"not TOML: {_LINE.sub('', str(error))}", line) from error
    return _Reader(path, text).rules(data)


class _Reader:
    """One pass over one parsed file."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.lines = path, text.splitlines()
        self.starts = [number for number, line in enumerate(self.lines, 1) if _HEADER.match(line)]

    def rules(self, data: Mapping[str, Any]) -> tuple[Rule, ...]:
        for key in data:
            if key != "rule":
                raise self._error(f"{key} is not known; a file of rules has [[rule]] tables only", -1, key)
        tables = data.get("rule", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error("rule is not a list of tables; write each as [[rule]]", -1, "rule")
        if len(tables) > RULE_LIMIT:
            raise self._error(f"{len(tables)} rules; at most {RULE_LIMIT} are read", RULE_LIMIT, "")
        return tuple(self._rule(number, table) for number, table in enumerate(tables))

    def _rule(self, number: int, table: Mapping[str, Any]) -> Rule:
        for key in table:
            if key not in KEYS:
                raise self._error(f"{key} is not a key of a rule; {nearest(key, KEYS)}", number, key)
        if not any(key in table for key in MATCHERS):
            raise self._error(f"the rule fits nothing: give it one of {', '.join(MATCHERS)}", number, "")
        if ("group" in table) == ("split_by" in table):
            raise self._error("a rule has either group or split_by", number, "split_by")
        globs = {key: self._texts(number, table, key) for key in ("kind", "function", "file", "kernel")}
        return Rule(
            name=self._text(number, table, "name") or f"{number + 1}",
            message=self._pattern(number, table),
            group=self._group(number, table),
            split_by=self._split_by(number, table),
            **globs,
        )

    def _pattern(self, number: int, table: Mapping[str, Any]) -> re.Pattern[str] | None:
        text = self._text(number, table, "message")
        try:
            pattern = re.compile(text) if text else None
        except re.error as error:
            raise self._error(f"message {text!r} is no regular expression: {error}", number, "message") from error
        if pattern and repeats_a_repeat(pattern):
            raise self._error(f"message {text!r} repeats a repeat, which can take for ever", number, "message")
        return pattern

    def _group(self, number: int, table: Mapping[str, Any]) -> str:
        group = self._text(number, table, "group")
        if "group" in table and not _GROUP.fullmatch(group):
            right = "small letters, digits, - _ and ., such as network"
            raise self._error(f"group is {group!r}; expected {right}", number, "group")
        return group

    def _split_by(self, number: int, table: Mapping[str, Any]) -> tuple[Any, ...]:
        names = self._texts(number, table, "split_by")
        if "split_by" in table and not names:
            raise self._error(f"split_by is empty; there are {', '.join(SPLITS)}", number, "split_by")
        for name in names:
            if name not in SPLITS:
                raise self._error(f"cannot split by {name!r}; {nearest(name, SPLITS)}", number, "split_by")
        return names

    def _text(self, number: int, table: Mapping[str, Any], key: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            raise self._error(f"{key} is {value!r}; expected a text", number, key)
        return value

    def _texts(self, number: int, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(text, str) and text for text in values):
            raise self._error(f"{key} is {value!r}; expected a text or a list of texts", number, key)
        return tuple(values)

    def _error(self, problem: str, number: int, key: str) -> RuleFileError:
        return RuleFileError(self.path, problem, self._line(number, key))

    def _line(self, number: int, key: str) -> int:
        """The line of a key of the rule at `number`, else of the rule; of the whole file where `number` is -1."""
        first = self.starts[number] if 0 <= number < len(self.starts) else 0
        last = self.starts[number + 1] - 1 if 0 <= number + 1 < len(self.starts) else len(self.lines)
        found = (line for line in range(first + 1, last + 1) if _sets(self.lines[line - 1], key))
        return next(found, first)


def _sets(line: str, key: str) -> bool:
    return bool(key) and re.match(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[\]=.]""", line) is not None
