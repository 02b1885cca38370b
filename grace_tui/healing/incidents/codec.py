"""Failures and records to JSON and back: what the store keeps and what a bundle holds."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from grace_tui.healing.failure import Failure

T = TypeVar("T")


def encode(value: object) -> bytes:
    """JSON of a frozen record."""
    return msgspec.json.encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """The record that `encode` wrote; fields it did not have yet take their defaults.

    Raises:
        msgspec.DecodeError: this is not such a record.
    """
    return msgspec.json.decode(data, type=kind)


def failure_from_json(data: bytes) -> Failure:
    return decode(data, Failure)


def to_plain(failure: Failure) -> dict[str, Any]:
    """The failure as plain data, for another process."""
    plain: dict[str, Any] = msgspec.to_builtins(failure)
    return plain


def from_plain(plain: Mapping[str, object]) -> Failure:
    """The failure that `to_plain` described.

    Raises:
        msgspec.ValidationError: this is no such description.
    """
    return msgspec.convert(plain, Failure)
