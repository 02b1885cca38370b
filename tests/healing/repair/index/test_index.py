"""The project index: what a tree defines, offers, imports and calls, by whatever layout it has."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grace_tui.healing.repair.index import Importer, Index, Origin, similar
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.tree import EditedTree, FileTree

Write = Callable[[Path, dict[str, str]], None]

SHOP = {
    "src/shop/__init__.py": "from .files import load as load, store\nfrom .rows import *\n",
    "src/shop/files.py": "LIMIT = 3\n\n\ndef load(name, strict=False):\n    return name\n\n\ndef store(name): ...\n",
    "src/shop/rows.py": "__all__ = ['Row']\n__all__ += ['Wide']\n\n\nclass Row:\n    size = 1\n\n"
    "    def __init__(self):\n        self.kept, self.left = [], 0\n\n    def add(self, x): ...\n\n\n"
    "class Wide(Row):\n    pass\n",
    "src/shop/cli/__init__.py": "",
    "src/shop/cli/run.py": "from .. import files\nfrom ..rows import Row\nimport shop.rows as all_rows\n\n\n"
    "def main(row):\n    files.load('a', strict=True)\n    load(*row)\n    row.kept.append(row.kept)\n\n\n"
    "class Deep(all_rows.Wide):\n    def add(self): ...\n",
    "tests/helpers.py": "",
    "tests/test_shop.py": "import helpers\nfrom shop import load\n",
    "broken.py": "def f(:\n",
}


@pytest.fixture
def index(tmp_path: Path, write: Write) -> Index:
    write(tmp_path, SHOP)
    return Index(FileTree(tmp_path))


def test_modules_are_named_from_their_import_roots(index: Index) -> None:
    assert index.modules["shop.cli.run"] == "src/shop/cli/run.py"
    assert index.modules["helpers"] == index.modules["tests.helpers"] == "tests/helpers.py"
    assert set(index.roots) == {"", "src", "tests"}


@pytest.mark.parametrize(
    ("files", "known", "name"),
    [
        ({"google/cloud/store/__init__.py": "from google.cloud.store import x\n"}, (), "google.cloud.store"),
        ({"backend/app/__init__.py": ""}, (), "app"),
        ({"backend/app/__init__.py": ""}, ("",), "backend.app"),
        ({"lib/tool.py": ""}, (), "tool"),
        ({"pkg/__init__.py": "", "pkg/plain/tool.py": ""}, (), "pkg.plain.tool"),
        ({"logs/reader.py": ""}, (), "logs.reader"),
    ],
)
def test_name_follows_packages_then_what_is_known_then_what_is_imported(
    tmp_path: Path, write: Write, files: Mapping[str, str], known: tuple[str, ...], name: str
) -> None:
    write(tmp_path, dict(files))
    index = Index(FileTree(tmp_path), known_roots=known)
    assert index.names[list(files)[-1]] == name


def test_exports_follow_reexports_stars_and_submodules(index: Index) -> None:
    offered = index.exports("shop")
    assert offered["load"] == Origin("src/shop/files.py", "load")
    assert offered["Wide"] == Origin("src/shop/rows.py", "Wide")
    assert offered["files"] == Origin("src/shop/files.py", "")
    assert index.public("shop.rows") == {"Row", "Wide"}
    assert "LIMIT" not in offered


def test_star_imports_in_a_circle_end(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"a.py": "from b import *\nx = 1\n", "b.py": "from a import *\ny = 2\n"})
    assert {"x", "y"} <= index_of(tmp_path).exports("a").keys()


def index_of(root: Path) -> Index:
    return Index(FileTree(root))


def test_importers_are_found_by_every_way_to_import(index: Index) -> None:
    assert Importer("src/shop/cli/run.py", 1, "", "files", True) in index.importers("shop.files")
    assert Importer("tests/test_shop.py", 2, "load", "load", True) in index.importers("shop")
    assert Importer("src/shop/cli/run.py", 3, "", "all_rows", True) in index.importers("shop.rows")


def test_calls_tell_their_arguments_and_where_they_stand(index: Index) -> None:
    named, unpacked = index.calls("load")
    assert (named.receiver, named.positional, named.keywords, named.function) == ("files", 1, ("strict",), "main")
    assert (unpacked.receiver, unpacked.unpacked) == ("", True)


def test_attributes_are_those_of_the_body_and_of_self(index: Index) -> None:
    row = index.find("src/shop/rows.py", "Row")
    assert row is not None
    assert set(index.attributes(row)) == {"size", "kept", "left", "add", "__init__"}
    assert [use.receiver for use in index.uses_of_attribute("kept") if not use.stored] == ["row", "row"]


def test_classes_know_bases_and_heirs_across_files(index: Index) -> None:
    deep = index.find("src/shop/cli/run.py", "Deep")
    row = index.find("src/shop/rows.py", "Row")
    assert deep is not None
    assert row is not None
    assert [found.qualname for found in index.ancestors(deep)] == ["Deep", "Wide", "Row"]
    assert [found.qualname for found in index.subclasses(row)] == ["Wide"]


def test_file_that_does_not_parse_is_named_and_harms_no_other(index: Index) -> None:
    assert list(index.unparsed) == ["broken.py"]
    assert index.everywhere("load")[0].path == "src/shop/files.py"


def test_edited_tree_is_indexed_as_if_it_were_written(index: Index) -> None:
    edits = [FileEdit("src/shop/files.py", SHOP["src/shop/files.py"], "def fetch(): ...\n"), FileEdit("n.py", None, "")]
    assert isinstance(index.tree, FileTree)
    after = index.edited(EditedTree(index.tree, edits), edits)
    assert after.find("src/shop/files.py", "fetch") is not None
    assert "n" in after.modules
    assert index.find("src/shop/files.py", "fetch") is None


def test_outlines_are_kept_by_content(tmp_path: Path, write: Write) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    write(root, SHOP)
    first = Index(FileTree(root), cache).outlines()
    assert (cache / "outlines.db").stat().st_size > 0
    write(root, {"broken.py": "def f(): ...\n"})
    again = Index(FileTree(root), cache).outlines()
    assert again["src/shop/rows.py"] == first["src/shop/rows.py"]
    assert not again["broken.py"].problem


def test_cache_that_is_damaged_is_done_without(tmp_path: Path, write: Write) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    write(root, SHOP)
    write(cache, {"outlines.db": "no database" * 1000})
    assert Index(FileTree(root), cache).unparsed


def test_similar_names_are_ordered_by_likeness() -> None:
    assert similar(["load_rows", "rows_load", "xyz"], "row_loads")[0] in ("load_rows", "rows_load")
    assert "xyz" not in similar(["load_rows", "xyz"], "row_loads")
    assert similar(["parseText", "other"], "parse_text") == ("parseText",)
