"""Take secrets out of text before it reaches a log, a bundle, a diff or a screen. Pure; one table of patterns."""

import re
from collections.abc import Mapping

SHOWN = "[redacted]"
SHORTEST = 4
"""Characters below which a value is no secret."""

_WORDS = "password|passwd|secret|token|api[_-]?key|private[_-]?key|authorization|credential"
_SECRET_NAME = re.compile(rf"(?i){_WORDS}")
# Possessive quantifiers, and one start a word: text made to hurt costs no more than other text of its length.
_NAMED = re.compile(
    rf"""(?ix) (?P<name> (?<![\w-]) (?=[\w-]*?(?:{_WORDS})) [\w-]++ (?P<close>["']?) \s*+ [:=] \s*+ )
    (?: (?P<quote>["']) (?!\[redacted\]) (?: \\. | (?!(?P=quote))[^\\\n] ){{4,}}+ (?P=quote)
      | (?P<scheme>(?:bearer\s++|basic\s++)?+ ["']?) (?![\[{{(]) [^\s"',;)}}\]]{{4,}} )"""
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
_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@]+:)([^\s/@]+)(@)")


def redact(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced."""
    text = _SHAPED.sub(SHOWN, text)
    text = _IN_URL.sub(rf"\1{SHOWN}\3", text)
    return _NAMED.sub(_hide, text)


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
    if isinstance(value, str) and len(value) >= SHORTEST and _SECRET_NAME.search(key):
        return SHOWN
    return redact_value(value)
