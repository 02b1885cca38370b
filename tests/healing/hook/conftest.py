from pathlib import Path

import pytest

from tests.healing.hook.program import LIBRARY, Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    made = Program(tmp_path / "project")
    made.write("library/__init__.py", "")
    made.write("library/core.py", LIBRARY)
    return made
