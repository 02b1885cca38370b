"""Source text from bytes and back, exactly: by the encoding a file declares, with its mark and its newlines.

Whoever reads or writes a source for a repair does it with these two, so that what is not changed stays byte for byte.
"""

import codecs
import io
import tokenize

MARK = "\ufeff"
"""A byte order mark; it stays the first character of the text."""


def decode(data: bytes) -> str:
    """The text of a source. Bytes that its encoding does not know become lone surrogates, which `encode` turns back."""
    encoding = declared(data)
    text = data.decode(encoding, "surrogateescape")
    if encoding != "utf-8" and encode(text) != data:
        return data.decode("utf-8", "surrogateescape")
    return text


def encode(text: str) -> bytes:
    """The bytes of a source.

    Raises:
        UnicodeEncodeError: the text holds a character that its declared encoding cannot write.
    """
    return text.encode(declared(text[:400].encode("utf-8", "surrogateescape")), "surrogateescape")


def declared(data: bytes) -> str:
    """The encoding by its declaration in the first two lines; UTF-8 where there is none or nobody knows it."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if b"coding" not in data[:400]:
        return "utf-8"
    head = data.split(b"\n", 2)[:2]
    try:
        found, _ = tokenize.detect_encoding(io.BytesIO(b"\n".join(head)).readline)
    except SyntaxError:  # an unknown name, or bytes that are no UTF-8 without a declaration
        return "utf-8"
    return found
