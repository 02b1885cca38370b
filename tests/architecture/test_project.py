"""What every file of the project owes its reader."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from grace_tui.cli.group import VERBS
from grace_tui.kernel.testing import running
from tests.architecture.project import ROOT, requirements, sources

UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"""(?<![\w.~-])/(?:work|root)/[\w.]""")
TEXTS = {".py", ".toml", ".md", ".sh", ".tcss", ".cedar", ".yml", ""}


def test_every_requirement_has_a_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    for requirement in requirements("dependencies") + requirements("dev"):
        line = next(found for found in lines if f'"{requirement}"' in found)
        assert re.search(r"#\s*\w+", line), f"{requirement} has no reason beside it"


def test_every_dependency_has_a_lower_bound() -> None:
    assert [line for line in requirements("dependencies") if ">=" not in line] == []


@pytest.mark.parametrize("folder", ["grace_tui", "kernels"])
def test_every_module_says_what_it_is(folder: str) -> None:
    silent = [str(file) for file in sources(folder) if file.stat().st_size and not docstring(file)]
    assert silent == []


def docstring(file: Path) -> str | None:
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


def test_no_file_is_unfinished_or_tied_to_a_machine() -> None:
    found = []
    for name in kept_files():
        if Path(name).suffix in TEXTS and name != "tests/architecture/test_project.py":
            text = (ROOT / name).read_text(encoding="utf-8")
            found += [f"{name}: {match[0]}" for words in (UNFINISHED, MACHINE_PATH) for match in words.finditer(text)]
    assert found == []


def kept_files() -> list[str]:
    """Files under version control that exist."""
    listed = subprocess.run(["git", "ls-files"], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_readme_names_every_verb() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [verb for verb in VERBS if f"`grace-tui {verb}" not in readme] == []


async def test_readme_kernel_runs(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert code
    names: dict[str, object] = {"__name__": "pulse"}
    exec(compile(code[1], "README.md", "exec"), names)
    kind = names["Pulse"]
    async with running(kind, workspace=tmp_path, saved_state={"pulse": {"total": 7}}) as bench:  # type: ignore[arg-type]
        assert await bench.instances["pulse"].ticks() == 7  # type: ignore[attr-defined]
    assert len([line for line in code[1].splitlines() if line.strip()]) <= 20
