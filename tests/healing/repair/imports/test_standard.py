"""Names of the standard library: found in its sources, and sure only where nothing else can be meant."""

import importlib

import pytest

from grace_tui.healing.repair.imports.standard import homes, is_meant


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Decimal", "decimal"),
        ("Path", "pathlib"),
        ("Counter", "collections"),
        ("Iterable", "collections.abc"),
        ("Optional", "typing"),
        ("lru_cache", "functools"),
        ("ThreadPoolExecutor", "concurrent.futures"),
        ("chain", "itertools"),
    ],
)
def test_a_name_is_found_in_the_one_module_that_programs_have_it_from(name: str, module: str) -> None:
    assert homes(name) == (module,)
    assert hasattr(importlib.import_module(module), name)


def test_a_name_of_several_modules_is_found_in_all_of_them() -> None:
    assert homes("Queue") == ("asyncio", "queue")


def test_a_class_of_a_module_that_hardly_anybody_means_is_not_sure() -> None:
    assert homes("Message") == ("mailbox",)
    assert not is_meant("mailbox", "Message")


def test_a_short_word_is_not_sure() -> None:
    assert homes("chain") == ("itertools",)
    assert not is_meant("itertools", "chain")
    assert is_meant("itertools", "zip_longest")


@pytest.mark.parametrize("name", ["loda", "_private", "not a name", ""])
def test_what_the_standard_library_does_not_export_has_no_home(name: str) -> None:
    assert homes(name) == ()
