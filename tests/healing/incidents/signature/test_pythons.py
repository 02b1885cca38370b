"""sign: every Python that is on this machine words a failure its own way, and the signature is one."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.incidents.signature import Signature, sign

SCRIPT = Path(__file__).with_name("said_by_python.py")
VERSIONS = ("3.11", "3.12", "3.13", "3.14")


def python_of(version: str) -> str | None:
    """The running interpreter, one that pyenv keeps (its shims may lead nowhere), or one on the path."""
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == version:
        return sys.executable
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(kept[-1]) if kept else shutil.which(f"python{version}")


@cache
def said(python: str) -> Mapping[str, Signature]:
    """Every failure of the script as this Python words it, signed."""
    ran = subprocess.run([python, str(SCRIPT)], capture_output=True, text=True, check=True, timeout=50)
    return {told["name"]: sign(failure_of(told)) for told in map(json.loads, ran.stdout.splitlines())}


def failure_of(told: Mapping[str, list[list[str]]]) -> Failure:
    frames = tuple(
        Frame("app/said.py" if own else f"/usr/lib/{function}.py", bool(own), function, line)
        for line, (own, function) in enumerate(told["frames"], 1)
    )
    chain = tuple((kind, message) for kind, message in told["chain"])
    return Failure("said", "run", str(told["kind"]), str(told["message"]), frames, chain)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_failure_has_one_signature_in_every_python(version: str) -> None:
    python = python_of(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here; the table of pairs has its known wordings")
    here, there = said(sys.executable), said(python)
    assert len(here) > 60
    assert {name: found.parts for name, found in there.items()} == {name: found.parts for name, found in here.items()}
    assert there == here


ALIKE = frozenset(
    {
        # The same words from the same function in one version or another, so no difference in any.
        "modulo", "float modulo", "power", "logarithm", "arc", "unhashable member", "unpack a dict", "trailing comma",
    }
)  # fmt: skip


def test_different_failures_of_one_python_stay_different() -> None:
    apart = {name: signature.strict for name, signature in said(sys.executable).items() if name not in ALIKE}
    assert len(set(apart.values())) == len(apart)
