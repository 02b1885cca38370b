"""Take secrets out of text before it reaches a log, a bundle, a diff or a screen. Pure; one table of patterns."""

import re
from collections.abc import Mapping

SHOWN = "[redacted]"

_NAMED = re.compile(
    r"""(?ix) ((?<![\w-])[\w-]*
    (?:password|passwd|secret|token|api[_-]?key|private[_-]?key|authorization|credential)[\w-]*
    ["']? \s* [:=] \s* (?:bearer\s+|basic\s+)? ["']?) ([^\s"',;)}\]]{4,})"""
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
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}   # JWT
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?-----END\ [A-Z ]*PRIVATE\ KEY-----
    """,
    re.DOTALL,
)
_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@]+:)([^\s/@]+)(@)")


def redact(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced."""
    text = _SHAPED.sub(SHOWN, text)
    text = _IN_URL.sub(rf"\1{SHOWN}\3", text)
    return _NAMED.sub(rf"\1{SHOWN}", text)


def redact_value(value: object) -> object:
    """Return plain data (mappings, sequences, scalars) with every string in it redacted, also by its key's name."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redact_item(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(item) for item in value]
    return value


def _redact_item(key: str, value: object) -> object:
    if isinstance(value, str) and _NAMED.fullmatch(f"{key}={value}"):
        return SHOWN
    return redact_value(value)
