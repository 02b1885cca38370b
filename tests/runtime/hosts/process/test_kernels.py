"""The twenty kernels pass their own tests in processes as they do in tasks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
INSIDE = 20
"""Tests at most that look inside a kernel, and so need it in their own process; each says why."""


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.skipif(sys.platform != "linux", reason="waits for processes by their descriptors")
def test_the_kernels_pass_their_tests_in_processes() -> None:
    command = [sys.executable, "-m", "pytest", "tests/kernels", "--kernel-host=process", "-p", "no:cacheprovider", "-v"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=170)
    assert found.returncode == 0, found.stdout[-5_000:]
    counted = re.search(r"(\d+) passed, (\d+) skipped", found.stdout)
    assert counted is not None, found.stdout[-500:]
    passed, skipped = map(int, counted.groups())
    assert passed > 300
    assert skipped <= INSIDE
