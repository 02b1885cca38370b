"""Bytes that are no text of the file's encoding, and characters that no editor shows."""

import re
from collections.abc import Iterator, Sequence

from grace_tui.healing.repair.text.reading import Problem
from grace_tui.healing.repair.text.rule import Change

_UNSEEN = re.compile("(?<!^)\ufeff|[\u200b\u200c\u200d\u2060]")
_WIDE_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u3000]")
_QUOTES = {"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u201a": "'"}
_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+).*\n?", re.MULTILINE)


def unreadable(text: str, lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    raw = text.encode("utf-8", "surrogateescape") if not _surrogate_pairs(text) else b""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        decoded = _decoded(raw, "utf-16")
        if decoded:
            yield Change(decoded, 0.9, "written as UTF-8 instead of UTF-16")
    elif "\0" in text:
        yield Change(text.replace("\0", ""), 0.8, "null bytes removed")
    if _has_surrogates(text):
        for encoding in ("cp1252", "latin-1"):
            decoded = _decoded_parts(text, encoding)
            if decoded:
                yield Change(decoded, 0.7, f"bytes of {encoding} written as UTF-8")
                break
    if "encoding" in problem.words and (match := _CODING.search(text[:400])):
        yield Change(
            text[: match.start()] + text[match.end() :], 0.8, f"unknown encoding {match[1]} no longer declared"
        )
    if _UNSEEN.search(text):
        yield Change(_UNSEEN.sub("", text), 0.9, "invisible characters removed")
    if not 1 <= problem.line <= len(lines):
        return
    line = lines[problem.line - 1]
    if _WIDE_SPACES.search(line):
        yield Change("".join(_WIDE_SPACES.sub(" ", each) for each in lines), 0.7, "unusual spaces made plain")
    if any(quote in line for quote in _QUOTES):
        plain = "".join(_QUOTES.get(character, character) for character in line)
        changed = "".join([*lines[: problem.line - 1], plain, *lines[problem.line :]])
        yield Change(changed, 0.7, f"typographic quotes made plain in line {problem.line}")


def _has_surrogates(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def _surrogate_pairs(text: str) -> bool:
    """Lone surrogates that are no escaped bytes cannot be written as bytes."""
    return any("\ud800" <= character <= "\udfff" and not "\udc80" <= character <= "\udcff" for character in text)


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _decoded_parts(text: str, encoding: str) -> str:
    """Only the escaped bytes in the other encoding: what is UTF-8 already stays."""
    try:
        return re.sub(
            "[\udc80-\udcff]+", lambda found: found[0].encode("utf-8", "surrogateescape").decode(encoding), text
        )
    except UnicodeDecodeError:
        return ""
