"""Runs test files with unittest: `PYTHON unittest_run.py REPORT FILE...`, in the Python of the project, as a file.

Used by `runner` where that Python has no pytest. Standard library only, Python 3.8 and later; writes JSON.
"""

from __future__ import annotations

import json
import os
import sys
import unittest
from typing import Any


class Result(unittest.TestResult):
    def __init__(self) -> None:
        super().__init__()
        self.cases: list[str] = []
        self.failed: dict[str, str] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.cases.append(test.id())

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self._fail(test, err)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self._fail(test, err)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(test, err)

    def _fail(self, test: unittest.TestCase, err: Any) -> None:
        if test.id() not in self.cases:
            self.cases.append(test.id())
        self.failed.setdefault(test.id(), said(err[1]))


def main() -> None:
    report, files = sys.argv[1], sys.argv[2:]
    sys.path.insert(0, os.getcwd())
    loader, result = unittest.TestLoader(), Result()
    cases: list[str] = []
    failed: dict[str, str] = {}
    for file in files:
        name = module_name(file)
        try:
            tests = loader.loadTestsFromName(name)
        except Exception as error:
            cases.append(name)
            failed[name] = said(error)
            continue
        tests.run(result)
    told = {"cases": cases + result.cases, "failed": dict(failed, **result.failed), "skipped": len(result.skipped)}
    with open(report, "w", encoding="utf-8") as out:
        json.dump(told, out)


def said(error: BaseException) -> str:
    first = str(error).split("\n")[0]
    return f"{type(error).__name__}: {first}"


def module_name(file: str) -> str:
    """The dotted name of a file below the current folder; the folder above its packages is put on the path."""
    folder, name = os.path.split(os.path.splitext(os.path.abspath(file))[0])
    parts = [name]
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return ".".join(parts)


if __name__ == "__main__":
    main()
