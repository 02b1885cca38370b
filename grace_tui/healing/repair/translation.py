"""Paths of a tree and of a copy of it: what a command is told is translated into the copy, what it says out of it.

Used by `trial` where a command cannot see the tree at its own path.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from grace_tui.healing.repair.process import PACKAGE_HOME, Command, Completed

MAPPED = str(Path(__file__).with_name("mapped"))
"""The folder whose `sitecustomize` does the same for what an installation finds."""


def in_copy(command: Command, root: Path, copy: Path) -> Command:
    """The command as it is to be run in the copy; a program that was not copied is used where it is."""
    program, *words = command.argv
    if os.sep in program:
        moved = Path(moved_text(str(command.folder / program), root, copy))
        program = str(moved if moved.exists() else command.folder / program)
    folder = copy / command.folder.relative_to(root)
    argv = [program, *(moved_text(word, root, copy) for word in words)]
    variables = {name: moved_text(value, root, copy) for name, value in command.variables.items()}
    return replace(command, argv=argv, folder=folder, variables={**variables, **_mapping(command, root, copy)})


def _mapping(command: Command, root: Path, copy: Path) -> Mapping[str, str]:
    """Variables that have Python read the copy where an installation leads to the tree."""
    if "PYTHONPATH" in command.variables:
        path = command.variables["PYTHONPATH"]
    elif command.inherit:
        path = os.environ.get("PYTHONPATH", "")
    else:
        path = os.pathsep.join([str(command.folder), PACKAGE_HOME])
    entries = [MAPPED, *filter(None, [moved_text(path, root, copy)])]
    return {"PYTHONPATH": os.pathsep.join(entries), "GRACE_TREE": str(root), "GRACE_COPY": str(copy)}


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
