"""The provider of a failing call: followed from the live objects, or honest about why it is not known."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.evidence.provider import Provider, as_written, point, told_of
from grace_tui.kernel.errors import ProviderDown
from tests.healing.incidents.evidence.hostile import RUN, hostile_objects
from tests.healing.incidents.workshop import load, raised, story

SHOP = '''
class Shop:
    """Sells."""

    def __init__(self, name: str = "corner", *, open: bool = True) -> None:
        self.prices = {"tea": 1}
        self.owner = None

    @staticmethod
    def find(name: str) -> "Shop | None":
        return None


async def look_up(key):
    return None


class Buyer:
    def __init__(self):
        self.shop = Shop()

    def misses_a_key(self):
        return self.shop.prices["coffee"]

    def misses_an_attribute(self):
        return self.shop.till

    def misses_a_class_attribute(self):
        return Shop.till

    def is_given_none(self):
        return Shop.find("corner").prices

    async def is_given_none_later(self):
        return (await look_up("x"))["y"]

    def has_none(self):
        return self.shop.owner.name

    def calls_none(self):
        return self.shop.owner()

    def raises(self):
        raise RuntimeError("by hand")

    def calls_a_library(self):
        return int("seven")

    def asks_too_much(self):
        return Shop("corner", closed=1)
'''


def provider(root: Path, method: str, source: str = SHOP) -> Provider:
    buyer = load(root, "kernels/shop.py", source).Buyer()
    return as_written(point(raised(getattr(buyer, method)), root), root)


@pytest.mark.parametrize(
    ("method", "name", "line", "signature", "how"),
    [
        ("misses_a_key", "Shop", 2, "(self, name: str='corner', *, open: bool=True) -> None", "prices of this class"),
        ("misses_an_attribute", "Shop", 2, "(self, name", "class of the object whose attribute till is missing"),
        ("misses_a_class_attribute", "Shop", 2, "(self, name", "the class whose attribute till is missing"),
        ("is_given_none", "Shop.find", 10, "(name: str) -> 'Shop | None'", "the function that gave the None"),
        ("is_given_none_later", "look_up", 14, "(key)", "the function that gave the None"),
        ("has_none", "Shop", 2, "(self, name", "its owner is None"),
        ("raises", "Buyer.raises", 43, "(self)", "it was raised here"),
        ("asks_too_much", "Shop.__init__", 5, "(self, name", "the call was refused"),
    ],
)
def test_a_failure_leads_to_what_was_asked(
    tmp_path: Path, method: str, name: str, line: int, signature: str, how: str
) -> None:
    found = provider(tmp_path, method)
    assert (found.name, found.file, found.line) == (name, "kernels/shop.py", line), found
    assert found.signature.startswith(signature)
    assert how in found.how


def test_the_expression_that_failed_is_told(tmp_path: Path) -> None:
    assert provider(tmp_path, "misses_a_key").text == 'self.shop.prices["coffee"]'
    assert provider(tmp_path, "is_given_none").text == 'Shop.find("corner").prices'


def test_what_a_library_raised_is_told_with_the_function_that_called_it(tmp_path: Path) -> None:
    found = provider(
        tmp_path, "reads", "import json\nclass Buyer:\n    def reads(self):\n        return json.loads('{')\n"
    )
    assert (found.name, found.signature) == ("Buyer.reads", "(self)")
    assert "JSONDecoder.raw_decode raised it" in found.how


def test_a_refused_call_of_another_kernel_leads_to_that_kernel(tmp_path: Path) -> None:
    found = as_written(point(story(tmp_path), tmp_path), tmp_path)
    assert (found.name, found.file) == ("ImmutableLog.append", "kernels/immutable_log.py")
    assert found.arguments == {"subsystem": "str"}


def test_a_kernel_that_is_down_is_named(tmp_path: Path) -> None:
    found = point(ProviderDown("agent", "immutable_log", "failed"), tmp_path)
    assert (found.kernel, found.how) == ("immutable_log", "the kernel that was called; it is failed")


def test_a_name_that_a_module_lacks_leads_to_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = load(tmp_path, "kernels/shopmodels.py", "session = 1\n")
    monkeypatch.setitem(sys.modules, "shopmodels", models)
    source = "class Buyer:\n    def go(self):\n        from shopmodels import async_session\n"
    found = provider(tmp_path, "go", source)
    assert (found.name, found.file) == ("kernels.shopmodels", "kernels/shopmodels.py")
    source = "import shopmodels\nclass Buyer:\n    def go(self):\n        return shopmodels.nothing\n"
    assert provider(tmp_path, "go", source).how == "the module whose attribute nothing is missing"


def test_a_module_that_is_not_there_has_no_provider(tmp_path: Path) -> None:
    found = provider(tmp_path, "go", "class Buyer:\n    def go(self):\n        import no_such_module\n")
    assert (found.found, found.how) == (False, "no module no_such_module can be imported, so there is no provider")


def test_a_file_that_cannot_be_read_as_python_is_its_own_provider(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def broken(:\n")
    found = point(raised(lambda: compile(bad.read_text(), str(bad), "exec")), tmp_path)
    assert (found.file, found.line, found.text) == ("bad.py", 1, "def broken(:")


def test_what_never_was_in_the_workspace_is_said_to_be_unknown(tmp_path: Path) -> None:
    assert point(ValueError("x"), tmp_path) == Provider("no function of the workspace is in the traceback")


def test_a_printed_failure_leads_to_its_innermost_function(tmp_path: Path) -> None:
    buyer = load(tmp_path, "kernels/shop.py", SHOP).Buyer()
    failure = capture(raised(buyer.raises), kernel="k", phase="run", root=tmp_path, at=0.0)
    found = as_written(told_of(failure), tmp_path)
    assert (found.name, found.signature) == ("Buyer.raises", "(self)")
    assert "its objects were in another process" in found.how


def test_a_definition_that_moved_meanwhile_is_found_by_its_name(tmp_path: Path) -> None:
    buyer = load(tmp_path, "kernels/shop.py", SHOP).Buyer()
    pointed = point(raised(buyer.raises), tmp_path)
    (tmp_path / "kernels/shop.py").write_text("\n" * 30 + SHOP)
    assert as_written(pointed, tmp_path).line == pointed.line + 30
    (tmp_path / "kernels/shop.py").write_text("# gone\n")
    assert as_written(pointed, tmp_path) == pointed


def test_no_line_of_a_hostile_object_is_run(tmp_path: Path) -> None:
    module: Any = load(
        tmp_path,
        "kernels/shop.py",
        "def go(x):\n    try:\n        x()\n    except RuntimeError:\n        pass\n    raise KeyError(1)\n"
        "def index(x):\n    box = {'x': x}\n    return box[2]\n",
    )
    assert isinstance(module, ModuleType)
    for value in hostile_objects():
        for act in (module.go, module.index):
            try:
                act(value)
            except Exception as error:
                RUN.clear()
                point(error, tmp_path)
                assert RUN == []
