"""Caches are let go of by whoever keeps them, with the memory measured before and after; an index is made anew."""

import linecache
from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.kernel.redact import redact
from grace_tui.room.actions.caches import clear_core
from tests.room.actions.acting import acting
from tests.room.bench import calm, write

KEEPER = '''
    """Keeps things."""

    from grace_tui.kernel import Kernel, KernelSpec

    class Keeper(Kernel):
        spec = KernelSpec({spec})

        async def start(self):
            self.kept = list(range(7))

        async def clear_caches(self):
            if not self.kept:
                raise RuntimeError("nothing left")
            count, self.kept = len(self.kept), []
            return f"{{count}} things"

        async def rebuild_index(self):
            return "counted again"
'''


@pytest.mark.parametrize("spec", ["", "isolation='process'"])
async def test_kernel_lets_go_and_tells_of_what(tmp_path: Path, spec: str) -> None:
    write(tmp_path, "keeper.py", KEEPER.format(spec=spec))
    async with acting(tmp_path, kernel="keeper") as actor:
        await actor.running("keeper")
        said = (await actor.do("clear_caches")).text
        assert "keeper let go of 7 things" in said
        assert "the room's memory is " in said
        again = (await actor.do("clear_caches")).text
        assert "keeper did not answer: " in again
        assert "nothing left" in again
        assert (await actor.do("rebuild_index")).text == "keeper: counted again"


async def test_kernel_that_keeps_nothing_says_so(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        assert "one keeps nothing that it could make again" in (await actor.do("clear_caches")).text
        with pytest.raises(ActionFailed, match="one keeps no index"):
            await actor.do("rebuild_index")


async def test_core_lets_go_of_its_own_for_an_incident_of_the_room(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path, kernel="room") as actor:
        assert (await actor.do("clear_caches")).text.startswith("the core let go of ")


def test_core_empties_its_caches_and_works_as_before() -> None:
    linecache.getline(__file__, 1)
    said = redact("password=hunter22hunter22")
    assert linecache.cache
    assert clear_core() > 0
    assert not linecache.cache
    assert redact("password=hunter22hunter22") == said
