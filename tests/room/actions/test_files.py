"""A file is brought back from before the incident, exactly, taken back exactly, and only where that is allowed."""

from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from tests.room.actions.acting import Actor, acting
from tests.room.bench import calm


def text(root: Path, name: str = "kernels/one.py") -> str:
    return (root / name).read_text()


async def broken(actor: Actor, root: Path, content: str = "raise RuntimeError\n") -> str:
    """Snapshot, an incident, and then a file that is not what it was; returns what it was."""
    await actor.do("take_snapshot", reason="while all is well")
    actor.incident_of_call = actor.room.parts.book.report("one", "CodeChanged", "for the test", "tester")
    good = text(root)
    (root / "kernels/one.py").write_text(content)
    return good


async def test_file_is_brought_back_and_taken_back_exactly(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        good = await broken(actor, tmp_path, "odd = 'ä'\r\n")
        (tmp_path / "kernels/one.py").chmod(0o640)
        done = await actor.do("restore_file", path="kernels/one.py")
        assert text(tmp_path) == good
        await actor.undo("restore_file", done, path="kernels/one.py")
        assert (tmp_path / "kernels/one.py").read_bytes() == "odd = 'ä'\r\n".encode()
        assert (tmp_path / "kernels/one.py").stat().st_mode & 0o777 == 0o640


async def test_snapshots_from_after_the_incident_do_not_count(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        good = await broken(actor, tmp_path, "worse = 1\n")
        await actor.do("take_snapshot")
        (tmp_path / "kernels/one.py").write_text("still = 'bad'\n")
        await actor.do("restore_file", path="kernels/one.py")
        assert text(tmp_path) == good


async def test_missing_file_is_brought_back_and_goes_again(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        good = await broken(actor, tmp_path)
        (tmp_path / "kernels/one.py").unlink()
        done = await actor.do("restore_file", path="kernels/one.py")
        assert text(tmp_path) == good
        await actor.undo("restore_file", done, path="kernels/one.py")
        assert not (tmp_path / "kernels/one.py").exists()


async def test_undo_leaves_a_file_that_somebody_changed_since(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await broken(actor, tmp_path)
        done = await actor.do("restore_file", path="kernels/one.py")
        (tmp_path / "kernels/one.py").write_text("mine = True\n")
        with pytest.raises(ActionFailed, match=r"one\.py was changed meanwhile and is left as it is"):
            await actor.undo("restore_file", done, path="kernels/one.py")
        assert text(tmp_path) == "mine = True\n"


async def test_undo_works_after_the_room_was_opened_anew(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await broken(actor, tmp_path)
        done = await actor.do("restore_file", path="kernels/one.py")
    async with acting(tmp_path) as actor:
        await actor.undo("restore_file", done, path="kernels/one.py")
        assert text(tmp_path) == "raise RuntimeError\n"


@pytest.mark.parametrize(
    "path",
    [
        "../outside.py",
        "/etc/passwd",
        "kernels/../../outside.py",
        ".git/config",
        ".grace/room.db",
        "kernels/.hidden.py",
        "policies/own.cedar",
        "README.md",
    ],
)
async def test_file_outside_the_allowed_is_refused(tmp_path: Path, path: str) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.do("take_snapshot")
        with pytest.raises(ActionFailed, match="is not a file that playbooks may bring back"):
            await actor.do("restore_file", path=path)


async def test_link_is_refused(tmp_path: Path) -> None:
    calm(tmp_path, "one", "two")
    async with acting(tmp_path) as actor:
        await broken(actor, tmp_path)
        (tmp_path / "kernels/one.py").unlink()
        (tmp_path / "kernels/one.py").symlink_to(tmp_path / "kernels/two.py")
        with pytest.raises(ActionFailed, match="is a link"):
            await actor.do("restore_file", path="kernels/one.py")


async def test_file_that_is_what_it_was_is_not_brought_back(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await broken(actor, tmp_path, text(tmp_path))
        with pytest.raises(ActionFailed, match=r"no snapshot from before .* has another content of kernels/one\.py"):
            await actor.do("restore_file", path="kernels/one.py")
        with pytest.raises(ActionFailed, match="no file is named, and the incident has no provider yet"):
            await actor.do("restore_file")
