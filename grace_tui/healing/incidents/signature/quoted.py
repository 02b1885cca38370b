"""What a message quotes: the name of a thing in the code stays, a value that somebody passed goes. Pure."""

import re

QUOTED = re.compile(r"(?<!\w)'([^'\n]*)'(?!\w)|(?<!\w)\"([^\"\n]*)\"(?!\w)|`([^`\n]*)`")

_ABOUT_NAMES = frozenset(
    {
        "TypeError", "AttributeError", "ImportError", "ModuleNotFoundError", "NameError", "UnboundLocalError",
        "KeyError", "LookupError", "NotImplementedError", "PicklingError", "FieldError", "FieldDoesNotExist",
        "SyntaxError", "IndentationError", "NoReverseMatch", "UndefinedError", "NoSuchTableError",
        "NoSuchColumnError", "InvalidRequestError",
    }
)  # fmt: skip
"""Types that quote what is in the code: parameters, attributes, modules, keys."""
_NAME = re.compile(r"[\w.<>/:-]{1,80}(?:\(\))?")
_IN_CODE = re.compile(r"[A-Za-z_]\w*(?:[./][A-Za-z_]\w*)+(?:\(\))?|[A-Za-z_]\w*\(\)")
"""A dotted name, a file of the project, a call."""
_NOUNS = frozenset(
    {
        "argument", "attribute", "backend", "capability", "class", "codec", "column", "command", "constraint",
        "database", "dialect", "driver", "dtype", "encoding", "event", "extension", "extra", "field", "file",
        "function", "generator", "header", "hook", "index", "kernel", "key", "keyword", "label", "member", "method",
        "model", "module", "name", "object", "operator", "option", "package", "parameter", "plugin", "policy",
        "property", "relation", "role", "route", "schema", "section", "service", "setting", "table", "tag",
        "template", "topic", "type", "ufunc", "variable", "view",
    }
)  # fmt: skip
"""What a quoted word beside one of these is the name of."""
_ASIDE = frozenset({"named", "called"})
_SET = re.compile(r"\{'[^'{}\n]*'(?:, '[^'{}\n]*')++\}")
_RAISED = re.compile(
    r"\b(\w{1,60}(?:Error|Exception|Timeout))\("
    r"(?:-?\d{1,6}, |<[^<>\n]{0,200}>, )?(?:'([^'\n]{0,600})'|\"([^\"\n]{0,600})\"),?\)"
)
_SAME = re.compile(r"'<value>'(?:, '<value>')++")
_LOOK = 40


def keep_names(kind: str, text: str) -> str:
    """The text with each quoted value replaced; what quotes an error's text in another's is opened."""
    if "'" not in text and '"' not in text and "`" not in text:
        return text
    text = _RAISED.sub(_opened, text)
    text = _SET.sub(_sorted_set, text)
    everything = kind in _ABOUT_NAMES
    text = QUOTED.sub(lambda found: _kept(found, everything), text)
    return _SAME.sub("'<value>'", text)


def _opened(found: re.Match[str]) -> str:
    return f"{found[1]}: {found[2] if found[2] is not None else found[3]}"


def _sorted_set(found: re.Match[str]) -> str:
    """The order of a set changes with the hash seed of each run."""
    return "{" + ", ".join(sorted(found[0][1:-1].split(", "))) + "}"


def _kept(found: re.Match[str], everything: bool) -> str:
    inner = next((group for group in found.groups() if group is not None), "")
    if inner == "<path>":
        return "'<path>'"
    text, start, end = found.string, found.start(), found.end()
    if not _NAME.fullmatch(inner) or text[start - 1 : start] == "=":
        return "'<value>'"
    if everything or _IN_CODE.fullmatch(inner):
        return f"'{inner}'"
    about = _is_noun_before(text[max(start - _LOOK, 0) : start]) or _is_noun_after(text[end : end + _LOOK])
    return f"'{inner}'" if about else "'<value>'"


def _is_noun_before(text: str) -> bool:
    """As in `argument 'x'`, `field: 'x'`, `kernel named 'x'`, `dtype('x')`."""
    words = text.rstrip(" :(").lower().replace("(", " ").rsplit(None, 2)[-2:]
    return bool(words) and _is_noun(words[0] if words[-1] in _ASIDE else words[-1])


def _is_noun_after(text: str) -> bool:
    """As in `'x' object`, `'x' is an unknown setting`."""
    words = text.lstrip(")").lower().split(None, 4)[:4]
    beside = words[2:4] if words[:1] == ["is"] and words[1:2] in (["a"], ["an"]) else words[:1]
    return any(_is_noun(word.rstrip(",.:;)")) for word in beside)


def _is_noun(word: str) -> bool:
    return word in _NOUNS or word.removesuffix("s") in _NOUNS
