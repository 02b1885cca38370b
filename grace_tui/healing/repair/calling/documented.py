"""The parameters that a docstring lists, in its order, with the defaults it tells: Google, NumPy, Sphinx, Epytext."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Documented:
    name: str
    default: str | None = None
    """The default as source, where the text tells one that is a literal or a dotted name."""
    optional: bool = False
    about: str = ""


_HEADINGS = r"(?:Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters|Attributes)"
_GOOGLE = re.compile(rf"^(?P<indent>[ \t]*){_HEADINGS}:[ \t]*\n", re.MULTILINE)
_NUMPY = re.compile(rf"^(?P<indent>[ \t]*){_HEADINGS}[ \t]*\n[ \t]*-{{3,}}[ \t]*\n", re.MULTILINE)
_FIELD = re.compile(
    r"^[ \t]*[:@](?:param|parameter|arg|argument|key|keyword)[ \t]+(?:[^:\n]*?[ \t])??\*{0,2}(?P<name>\w+)[ \t]*:",
    re.MULTILINE,
)
_ENTRY = re.compile(r"^\*{0,2}`{0,2}(?P<names>\w+(?:`{0,2},[ \t]*`{0,2}\*{0,2}\w+)*)`{0,2}[ \t]*(?:\([^)]*\))?[ \t]*:")
_NUMPY_ENTRY = re.compile(r"^\*{0,2}(?P<names>\w+(?:,[ \t]*\*{0,2}\w+)*)[ \t]*(?::.*)?$")
_VALUE = r"(?P<value>[rbu]?\"[^\"\n]*\"|[rbu]?'[^'\n]*'|-?\d[\d_.]*(?:e-?\d+)?|\[\]|\{\}|\(\)|\w[\w.]*)"
_DEFAULT = re.compile(
    rf"\bdefaults?(?:[ \t]+(?:value|is|to))*[ \t]*[:=]?[ \t\n]*`{{0,2}}(?::\w+:`)?{_VALUE}", re.IGNORECASE
)


def documented(docstring: str) -> tuple[Documented, ...]:
    """Each parameter once, in the order of the text."""
    found: dict[str, Documented] = {}
    for name, text in (*_fields(docstring), *_sections(docstring, _NUMPY, _NUMPY_ENTRY), *_google(docstring)):
        found.setdefault(name, Documented(name, _default(text), "optional" in text.lower(), text))
    return tuple(found.values())


def _fields(docstring: str) -> Iterator[tuple[str, str]]:
    matches = list(_FIELD.finditer(docstring))
    for at, match in enumerate(matches):
        end = matches[at + 1].start() if at + 1 < len(matches) else len(docstring)
        text = docstring[match.start() : end]
        yield match["name"], re.split(r"\n[ \t]*[:@](?:returns?|raises?|rtype)\b|\n[ \t]*\n", text)[0]


def _google(docstring: str) -> Iterator[tuple[str, str]]:
    return _sections(docstring, _GOOGLE, _ENTRY, deeper=True)


def _sections(
    docstring: str, heading: re.Pattern[str], entry: re.Pattern[str], *, deeper: bool = False
) -> Iterator[tuple[str, str]]:
    for match in heading.finditer(docstring):
        lines = docstring[match.end() :].split("\n")
        yield from _entries(lines, len(match["indent"].expandtabs()), entry, deeper=deeper)


def _entries(lines: list[str], heading: int, entry: re.Pattern[str], *, deeper: bool) -> Iterator[tuple[str, str]]:
    """Entries of one section: what stands at the depth of its first line, each with the lines under it."""
    depth: int | None = None
    names: list[str] = []
    text: list[str] = []
    for at, line in enumerate(lines):
        indent = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if not line.strip():
            continue
        if depth is None:
            depth = indent
        ends = indent <= heading if deeper else indent < depth or _underlined(lines, at)
        if ends:
            break
        if indent == depth and (match := entry.match(line.strip())):
            yield from ((name, "\n".join(text)) for name in names)
            names, text = re.findall(r"\w+", match["names"]), [line.strip()]
        else:
            text.append(line.strip())
    yield from ((name, "\n".join(text)) for name in names)


def _underlined(lines: list[str], at: int) -> bool:
    return at + 1 < len(lines) and re.fullmatch(r"[ \t]*-{3,}[ \t]*", lines[at + 1]) is not None


def _default(text: str) -> str | None:
    match = _DEFAULT.search(text)
    if match is None:
        return None
    value = match["value"].rstrip(".")
    value = {"none": "None", "true": "True", "false": "False"}.get(value.lower(), value)
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value if re.fullmatch(r"[A-Za-z_][\w]*(\.\w+)+|[A-Z][A-Z0-9_]+", value) else None
    return value
