"""Which test files ran the lines of a file, where the project recorded it: coverage.py's data with a context a test.

Contexts are `tests/test_x.py::test_y|run`, as pytest-cov writes them, or `tests.test_x.test_y`, as coverage.py itself
does with `dynamic_context = test_function`. The schema is coverage.py's public one (version 7).
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

DATA = ".coverage"
_ASKED = """
SELECT DISTINCT context.context FROM file, context, {table} AS ran
WHERE file.path IN (?, ?) AND ran.file_id = file.id AND ran.context_id = context.id AND context.context != ''
"""
_TABLES = ("line_bits", "arc")


def covering(root: Path, changed: Iterable[str], modules: Mapping[str, str]) -> Counter[str]:
    """Test file -> how many of its tests ran something of the changed files; empty where nothing was recorded.

    `modules` are dotted names -> files of the tree.
    """
    data = root / DATA
    if not data.is_file():
        return Counter()
    try:
        contexts = _contexts(data, root, changed)
    except sqlite3.Error:  # another program's file, of another version, or half-written: then nothing is known
        return Counter()
    return Counter(path for context in contexts if (path := _file_of(context, modules)))


def _contexts(data: Path, root: Path, changed: Iterable[str]) -> set[str]:
    found: set[str] = set()
    with closing(sqlite3.connect(f"{data.as_uri()}?mode=ro&immutable=1", uri=True)) as book:
        for path in changed:
            for table in _TABLES:
                asked = book.execute(_ASKED.format(table=table), (path, os.path.join(root, path)))
                found.update(context for (context,) in asked)
    return found


def _file_of(context: str, modules: Mapping[str, str]) -> str:
    test = context.partition("|")[0]
    if "::" in test:
        return test.partition("::")[0]
    while test and test not in modules:
        test = test.rpartition(".")[0]
    return modules.get(test, "")
