"""A program's traceback is an incident like any other: what it calls is repaired, and the program goes on."""

import sys
import textwrap
from pathlib import Path

import pytest

from grace_tui.healing.repair import reproduce
from grace_tui.room import reproductions
from grace_tui.settings import load_settings
from tests.room.bench import Bench, kernel_of, opened

CART = '''
    """What a customer wants to buy."""


    class Cart:
        def __init__(self, owner: str) -> None:
            self.owner = owner
            self.things: list[dict[str, object]] = []

        def add(self, name: str) -> None:
            """Put one thing in."""
            thing: dict[str, object] = {"name": name}
            self.things.append(thing)
'''
WEB = '''
    """A shop that serves for ever."""

    import threading

    from shop.cart import Cart


    def serve() -> None:
        cart = Cart("me")
        cart.add(name="tea", currency="EUR")
        print("serving", flush=True)
        threading.Event().wait()


    serve()
'''
TOLD = """
    import traceback

    try:
        serve()
    except TypeError:
        traceback.print_exc()
    threading.Event().wait()
"""
SETTINGS = """
[supervisor]
backoff_base = 0.05
backoff_cap = 0.1
intensity = 3
[repair]
watch_window = 0.3
[kernels.web]
command = [{python}, "web.py"]
{more}
"""


@pytest.fixture(autouse=True)
def survive_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reproductions, "SURVIVES", 1.5)


def shop(root: Path, web: str = WEB, more: str = "") -> Path:
    """A workspace with one program, and the program."""
    for name, text in {"shop/__init__.py": "", "shop/cart.py": CART, "web.py": web, "kernels/__init__.py": ""}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
    (root / "grace.toml").write_text(SETTINGS.format(python=f'"{sys.executable}"', more=more))
    return root / "web.py"


async def ended(bench: Bench) -> str:
    """State and detail of the one repair, once it has ended."""
    view = await bench.until(lambda view: any(task.state in ("learned", "failed", "undone") for task in view.tasks))
    (task,) = view.tasks
    return f"{task.state}: {task.detail}"


async def test_the_provider_of_a_program_is_repaired_and_the_program_stays_up(tmp_path: Path) -> None:
    caller = shop(tmp_path)
    before = caller.read_bytes()
    async with opened(tmp_path, load_settings(tmp_path / "grace.toml")) as bench:
        said = await ended(bench)
        assert said.startswith("learned: Cart.add accepts"), said
        await bench.until(lambda view: kernel_of(view, "web").state == "running")
        (incident,) = bench.room.parts.book.all()
        assert (incident.kernel, incident.kind, incident.provider) == ("web", "TypeError", "shop/cart.py")
        assert incident.state == "resolved"
        assert incident.bundle
    assert "currency" in (tmp_path / "shop/cart.py").read_text()
    assert caller.read_bytes() == before
    text = (tmp_path / incident.bundle / "traceback.txt").read_text()
    assert "As it was printed there:" in text
    assert 'cart.add(name="tea", currency="EUR")' in text


async def test_a_failure_that_the_program_survives_is_repaired_and_the_program_restarted(tmp_path: Path) -> None:
    survives = WEB.replace("    serve()\n", TOLD)
    assert survives != WEB
    shop(tmp_path, survives)
    async with opened(tmp_path, load_settings(tmp_path / "grace.toml")) as bench:
        said = await ended(bench)
        assert said.startswith("learned"), said
        view = await bench.until(lambda view: kernel_of(view, "web").restarts == 1)
        assert (await bench.running("web")).total == view.total
        log = bench.room.supervisor.child("web").log
        await bench.until(lambda view: any("serving" in line for line in log.tail()))


async def test_what_does_not_show_again_on_trial_is_not_repaired(tmp_path: Path) -> None:
    """The program fails only where a file lies that no trial shows."""
    here_only = (
        WEB.replace('cart.add(name="tea", currency="EUR")', 'cart.add(name="tea", **extra)')
        .replace(
            'cart = Cart("me")',
            'cart = Cart("me")\n        extra = {"currency": "EUR"} if Path(".grace/here").exists() else {}',
        )
        .replace("import threading", "import threading\n    from pathlib import Path")
    )
    shop(tmp_path, here_only)
    (tmp_path / ".grace").mkdir(mode=0o700)
    (tmp_path / ".grace/here").touch()
    async with opened(tmp_path, load_settings(tmp_path / "grace.toml")) as bench:
        said = await ended(bench)
    assert said == "failed: gate replay: without the patch the failure did not show again: it ran"
    assert "currency" not in (tmp_path / "shop/cart.py").read_text()


def test_a_program_is_watched_long_enough_to_fail_again() -> None:
    assert reproduce.SURVIVES >= 2.0
