"""What a file says of its host is read, and nothing of it runs."""

from pathlib import Path

import pytest

from grace_tui.runtime.hosts.process.peek import Said, peek


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('class A(Kernel):\n    spec = KernelSpec(isolation="process")', Said("process")),
        ('class A(Kernel):\n    spec: ClassVar = KernelSpec(priority=1, task_only="a window")', Said("", "a window")),
        ("class A(Kernel):\n    spec = KernelSpec(isolation=WHERE)", Said()),
        ('class A(Kernel):\n    other = KernelSpec(isolation="process")', Said()),
        ('spec = KernelSpec(isolation="process")', Said()),
        ('raise SystemExit("isolation")', Said()),
        ("isolation = = 1", Said()),
    ],
)
def test_only_a_plain_word_in_the_spec_counts(tmp_path: Path, source: str, said: Said) -> None:
    path = tmp_path / "a.py"
    path.write_text(source)
    assert peek(path) == said


def test_a_file_that_is_gone_says_nothing(tmp_path: Path) -> None:
    assert peek(tmp_path / "absent.py") == Said()
