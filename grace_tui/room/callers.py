"""Who asks from this machine, in words that people use: what timelines, owners and the audit log say. Pure."""

import pwd
from functools import lru_cache

CLI = " (cli)"


@lru_cache(maxsize=64)
def caller(uid: int) -> str:
    """Who asked on the command line: `ann (cli)`; by number where that user has no name."""
    try:
        return f"{pwd.getpwuid(uid).pw_name}{CLI}"
    except KeyError:
        return f"user {uid}{CLI}"


def person_of(by: str) -> str:
    """The person alone, however they asked."""
    return by.removesuffix(CLI)
