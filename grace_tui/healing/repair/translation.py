"""Paths of a tree and of a copy of it: what a command is told is translated into the copy, what it says out of it.

Used by `trial` where a command cannot see the tree at its own path.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grace_tui.healing.repair.process import PACKAGE_HOME, Command, Completed

MAPPED = str(Path(__file__).with_name("mapped"))
"""The folder whose `sitecustomize` does the same for what an installation finds."""


def in_copy(command: Command, names: Sequence[Path], copy: Path) -> Command:
    """The command as it is to be run in the copy; a program that was not copied is used where it is.

    `names` are what the tree is called: first its own path, then links to it.
    """

    def there(text: str) -> str:
        for name in names:
            text = moved_text(text, name, copy)
        return text

    program, *words = command.argv
    if os.sep in program:
        moved = Path(there(str(command.folder / program)))
        program = str(moved if moved.exists() else command.folder / program)
    variables = {name: there(value) for name, value in command.variables.items()}
    variables["PYTHONPATH"] = os.pathsep.join([MAPPED, *filter(None, [there(_python_path(command))])])
    variables |= {"GRACE_TREE": str(names[0]), "GRACE_COPY": str(copy)}
    folder = copy / command.folder.relative_to(names[0])
    return replace(command, argv=[program, *map(there, words)], folder=folder, variables=variables)


def _python_path(command: Command) -> str:
    if "PYTHONPATH" in command.variables:
        return command.variables["PYTHONPATH"]
    if command.inherit:
        return os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([str(command.folder), PACKAGE_HOME])


def out_of_copy(completed: Completed, root: Path, copy: Path) -> Completed:
    stdout, stderr = (moved_text(text, copy, root) for text in (completed.stdout, completed.stderr))
    return replace(completed, stdout=stdout, stderr=stderr)


def evidence_out_of_copy(folder: Path, root: Path, copy: Path) -> None:
    """Have the evidence that a command left name the files of the tree."""
    there, here = (Path(json.dumps(str(path))[1:-1]) for path in (copy, root))
    for file in folder.glob("*.json"):
        file.write_text(moved_text(file.read_text("utf-8"), there, here), "utf-8")


def moved_text(text: str, root: Path, copy: Path) -> str:
    """The text with one folder for the other; a longer name that begins with it is another folder."""
    return re.sub(rf"{re.escape(str(root))}(?![\w.-])", lambda _: str(copy), text)
