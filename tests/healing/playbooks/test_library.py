"""Which playbooks are in force: shipped and own ones, refused files, changes that are followed."""

import os
from pathlib import Path

import pytest

from grace_tui.healing.playbooks.library import stamp
from grace_tui.healing.playbooks.shelf import LATE_LOOKS
from tests.healing.playbooks.shop import Shop

GOOD = 'says = "{says}"\nwhen = "true"\n[[step]]\naction = "slow"\n'


def says(shop: Shop) -> dict[str, str]:
    return {record.name: record.says for record in shop.playbooks.all()}


async def follow(shop: Shop) -> None:
    """As the room does each second; the files are read in a thread."""
    shop.playbooks.look()
    await shop.playbooks.owned.settled()


async def test_own_playbooks_stand_beside_the_shipped_and_over_them_by_name(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for name in ("a", "b"):
        (shop.shipped / f"{name}.toml").write_text(GOOD.format(says="shipped"), encoding="utf-8")
    shop.write("own", 'name = "b"\n' + GOOD.format(says="own"))
    shop.write("c", GOOD.format(says="own"))
    assert says(shop) == {"a": "shipped", "b": "own", "c": "own"}


async def test_a_bad_file_takes_nobody_else_down_and_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("good", GOOD.format(says="good"))
    bad = shop.write("bad", GOOD.format(says="bad").replace("slow", "slwo") + "colour = 3\n")
    assert says(shop) == {"good": "good"}
    assert shop.heard.warnings["playbooks"].startswith(f"{bad}:5: step 1: colour is not a key of a playbook")


async def test_a_name_that_two_files_have_is_refused(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a", GOOD.format(says="first"))
    second = shop.write("b", 'name = "a"\n' + GOOD.format(says="second"))
    assert says(shop) == {"a": "first"}
    assert (
        shop.heard.warnings["playbooks"] == f'{second}:1: name is "a", as that of a.toml; a playbook\'s name is its own'
    )


async def test_a_saved_file_is_followed(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    await shop.playbooks.ready()
    assert says(shop) == {}
    path = shop.write("a", GOOD.format(says="new"))
    await follow(shop)
    assert says(shop) == {"a": "new"}
    path.unlink()
    await follow(shop)
    assert says(shop) == {}


async def test_a_file_that_is_refused_now_stays_in_force_as_it_was(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    path = shop.write("a", GOOD.format(says="good"))
    await shop.playbooks.ready()
    path.write_text("not = toml = at all", encoding="utf-8")
    await follow(shop)
    assert says(shop) == {"a": "good"}
    assert f"{path}:1: not TOML" in shop.heard.warnings["playbooks"]
    path.write_text(GOOD.format(says="good again"), encoding="utf-8")
    await follow(shop)
    assert (says(shop), shop.heard.warnings) == ({"a": "good again"}, {})


async def test_files_that_did_not_change_are_not_read_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a", GOOD.format(says="a"))
    await shop.playbooks.ready()
    before = shop.playbooks.shelf.library
    await follow(shop)
    assert shop.playbooks.shelf.library is before


async def test_mistakes_are_told_some_seconds_after_the_opening_though_nobody_needed_a_playbook(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a", "says = ")
    for _ in range(LATE_LOOKS - 1):
        await follow(shop)
    assert not shop.heard.warnings
    await follow(shop)
    assert "not TOML" in shop.heard.warnings["playbooks"]


def test_a_stamp_is_of_playbooks_only(tmp_path: Path) -> None:
    assert stamp(tmp_path / "none") == ()
    (tmp_path / "a.txt").touch()
    assert stamp(tmp_path) == ()
    (tmp_path / "a.toml").touch()
    assert [name for name, *_ in stamp(tmp_path)] == ["a.toml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a", GOOD.format(says="a")).chmod(0)
    assert says(shop) == {}
    assert "cannot be read: permission denied" in shop.heard.warnings["playbooks"]
