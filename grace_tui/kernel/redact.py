"""Take secrets out of text before it reaches a log, a bundle, a diff or a screen. Pure; one table of patterns."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

SHOWN = "[redacted]"
SHORTEST = 4
"""Characters below which a value is no secret."""

_WORDS = "password|passwd|secret|token|api[_-]?key|private[_-]?key|authorization|credential"
_SECRET_NAME = re.compile(rf"(?i){_WORDS}|passphrase|cookie|(?:access|signing|encryption|session)[_-]?key")
# Possessive quantifiers, and one start a word: text made to hurt costs no more than other text of its length.
_NAMED = re.compile(
    rf"""(?ix) (?P<name> (?<![\w-]) (?=[\w-]*?(?:{_WORDS})) [\w-]++ (?P<close>["']?) \s*+ [:=] \s*+ )
    (?: (?P<quote>["']) (?!\[redacted\]) (?: \\. | (?!(?P=quote))[^\\\n] ){{4,}}+ (?P=quote)
      | (?:digest|hawk|signature|aws4-hmac-sha256) \s++ (?: [\w-]++ = (?: "[^"\n]*+" | [^\s,"']++ ) ,?+ [ ]*+ )++
      | (?P<scheme>(?:(?:bearer|basic|token|api-?key|negotiate)\s++)?+ ["']?) (?![\[{{(]) [^\s"',;)}}\]]{{4,}} )"""
)
_SHAPED = re.compile(
    r"""(?x)
      \bsk-[A-Za-z0-9_-]{16,}                      # OpenAI and Anthropic style
    | \b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}       # Stripe
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                # AWS access key
    | \bgh[pousr]_[A-Za-z0-9]{30,}                 # GitHub
    | \bgithub_pat_[A-Za-z0-9_]{30,}
    | \bglpat-[A-Za-z0-9_-]{20,}                   # GitLab
    | \bxox[abprs]-[A-Za-z0-9-]{10,}               # Slack
    | \beyJ[A-Za-z0-9_-]{8,1024}+\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}   # JWT
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----(?:(?!-----BEGIN).)*?-----END\ [A-Z ]*PRIVATE\ KEY-----
    """,
    re.DOTALL,
)
_BEARER = re.compile(r"(?i)(\bbearer\s++)(?=[\w.~+/-]*?\d|\S{20})[\w.~+/-]{8,}+=*+")
"""A header's value without its name; `bearer authentication` is none."""
_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@]+:)([^\s/@]+)(@)")

# Without one of these in the folded text its pattern cannot match. Searching for plain words costs a tenth of what the
# patterns cost, and nearly all text has none. Names match in any case: there the letter i has more cases than folding.
_NAME_MARKS = ("passw", "secret", "token", "key", "author", "credent")
_SHAPE_MARKS = (
    *("sk-", "k_live_", "k_test_", "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
    *("xox", "eyj", "private key-----"),
)
_URL_MARK, _BEARER_MARK = "@", "bearer"
_NAME_WITH_VALUE = re.compile(
    rf"""(?:{"|".join(_NAME_MARKS)}) (?: [^\s:=]{{200}} | [^\s:=]*+ \s*+ [:=] \s*+ (?: ["'] | \S{{{SHORTEST}}} ) )""",
    re.VERBOSE,
)
"""Wider than the pattern it spares: `tokens=12` is no secret."""
_MARKS = (*_NAME_MARKS, *_SHAPE_MARKS, _URL_MARK, _BEARER_MARK)

_KEY_BEGINS, _KEY_ENDS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"-----END [A-Z ]*PRIVATE KEY-----"),
)
KEY_LINES = 200
"""Lines a private key may have; what follows a beginning without an end is shown again after so many."""


def redact(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced."""
    folded = text.casefold()
    if any(mark in folded for mark in _SHAPE_MARKS):
        text = _SHAPED.sub(SHOWN, text)
    if _URL_MARK in folded:
        text = _IN_URL.sub(rf"\1{SHOWN}\3", text)
    if _BEARER_MARK in folded:
        text = _BEARER.sub(rf"\1{SHOWN}", text)
    if any(mark in folded for mark in _NAME_MARKS) and _NAME_WITH_VALUE.search(folded):
        text = _NAMED.sub(_hide, text)
    return text


class LineRedactor:
    """Redacts the lines of one stream, batch by batch, and private keys that go over many of them."""

    def __init__(self) -> None:
        self._key_lines = 0

    def clean(self, lines: Sequence[str]) -> Sequence[str]:
        """Return as many lines as were given; the same object where there was nothing to hide."""
        folded = "\n".join(lines).casefold()
        found = [mark for mark in _MARKS if mark in folded]
        if not found and not self._key_lines:
            return lines
        return [self._clean_one(line, any(mark in line.casefold() for mark in found)) for line in lines]

    def _clean_one(self, line: str, marked: bool) -> str:
        if self._key_lines:
            ended = marked and _KEY_ENDS.search(line)
            self._key_lines = 0 if ended else self._key_lines - 1
            return SHOWN
        if not marked:
            return line
        line = redact(line)
        begins = _KEY_BEGINS.search(line)
        if begins is None:
            return line
        self._key_lines = KEY_LINES
        return line[: begins.start()] + SHOWN


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret, whatever it looks like."""
    return _SECRET_NAME.search(name) is not None


def redact_value(value: object) -> object:
    """Return plain data (mappings, sequences, scalars) with every string in it redacted, also by its key's name."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redact_item(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(item) for item in value]
    return value


def _hide(found: re.Match[str]) -> str:
    # A bare value under a quoted name is JSON: it stays JSON.
    quote = found["quote"] or ("" if found["scheme"] else found["close"])
    return f"{found['name']}{found['scheme'] or ''}{quote}{SHOWN}{quote}"


def _redact_item(key: str, value: object) -> object:
    if not is_secret_name(key):
        return redact_value(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_item(key, item) for item in value]
    return SHOWN if isinstance(value, str) and len(value) >= SHORTEST else redact_value(value)
