"""What a changed module offered, it goes on offering."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grace_tui.healing.repair.gates.setting import Context, Said, Setting, open_context
from grace_tui.healing.repair.gates.surface import surface, surface_of
from grace_tui.healing.repair.patch import FileEdit, Patch, Site

BEFORE = """
from json import dumps
LIMIT = 1
_own = 2
class Log:
    level = 0
    def append(self, actor, action=None, *, part=None): ...
    def _hidden(self, x): ...
async def flush(log, **options): ...
"""


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with open_context(tmp_path) as made:
        yield made


async def said(context: Context, after: str, before: str = BEFORE) -> Said:
    (context.root / "log.py").write_text(before)
    patch = Patch("test", Site("test", "log.py", "Log", ""), "a change", (FileEdit("log.py", before, after),))
    return await surface(Setting(context.before, patch, context))


def test_public_names_with_their_parameters_are_the_surface() -> None:
    assert surface_of(BEFORE) == {
        "dumps": (),
        "LIMIT": (),
        "Log": (),
        "Log.level": (),
        "Log.append": ("self", "actor", "action", "part"),
        "flush": ("log", "**"),
    }
    assert surface_of("def broken(:") is None


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        ("LIMIT = 1", "", "LIMIT"),
        ("from json import dumps", "", "dumps"),
        ("    level = 0\n", "", "Log.level"),
        ("part=None", "parts=None", "Log.append(part)"),
        ("**options", "", "flush(**)"),
        ("async def flush(log, **options): ...", "", "flush"),
    ],
)
async def test_what_is_taken_away_is_named(context: Context, old: str, new: str, gone: str) -> None:
    answer = await said(context, BEFORE.replace(old, new))
    assert (answer.passed, answer.detail) == (False, f"log.py: {gone} would be gone")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_own = 2", ""),
        ("def _hidden(self, x): ...", ""),
        ("part=None", "part=None, more=None"),
        ("*, part=None", "**anything"),
        ("LIMIT = 1", "LIMIT = 2\nMORE = 3"),
    ],
)
async def test_what_is_private_may_go_and_all_may_grow(context: Context, old: str, new: str) -> None:
    assert (await said(context, BEFORE.replace(old, new))).passed


async def test_what_did_not_parse_offered_nothing(context: Context) -> None:
    assert (await said(context, "X = 1\n", before="def broken(:\n")).passed


@pytest.mark.parametrize(("user", "passes"), [("", True), ("log.append(parts=1)\n", False)], ids=["unused", "used"])
async def test_what_an_earlier_version_did_not_have_may_go_where_nobody_uses_it(
    context: Context, user: str, passes: bool
) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *words], cwd=context.root, check=True)

    (context.root / "log.py").write_text(BEFORE)
    (context.root / "user.py").write_text(user)
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert (await said(context, BEFORE, before=BEFORE.replace("part=", "parts="))).passed is passes
