"""The documented settings are the settings: in the README, and in the file a new workspace starts with."""

import re
from pathlib import Path

import msgspec

from grace_tui.settings import Settings, load_settings, settings_table, settings_template
from grace_tui.settings.table import entries

README = Path(__file__).parents[2] / "README.md"


def test_every_setting_has_a_sentence() -> None:
    found = list(entries())
    assert len(found) >= 12
    assert all(entry.doc.endswith(".") for entry in found)


def test_every_table_of_the_file_is_documented() -> None:
    tables = {entry.table.split(".")[0] for entry in entries()}
    assert tables == {field.name for field in msgspec.structs.fields(Settings)}


def test_readme_has_the_current_table() -> None:
    shown = re.search(r"<!-- settings -->\n(.*?)<!-- /settings -->", README.read_text(), re.DOTALL)
    assert shown, "README.md has no settings markers"
    assert shown[1].strip() == settings_table().strip(), "paste the output of settings_table() between the markers"


def test_template_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "grace.toml").write_text(settings_template())
    assert load_settings(tmp_path / "grace.toml") == Settings()


def test_template_shows_the_defaults(tmp_path: Path) -> None:
    active = re.sub(r"^# (?=\[|\w+ = )", "", settings_template(), flags=re.MULTILINE)
    (tmp_path / "grace.toml").write_text(active)
    (tmp_path / "kernels").mkdir()
    for name in ("message_bus", "librarian", "memory_fusion"):
        (tmp_path / "kernels" / f"{name}.py").touch()
    loaded = load_settings(tmp_path / "grace.toml")
    assert msgspec.structs.replace(loaded, kernels={}) == Settings()
    assert set(loaded.kernels) == {"memory_fusion", "web"}


def test_every_setting_is_read_by_something() -> None:
    package = README.parent / "grace_tui"
    files = [file for file in package.rglob("*.py") if "settings" not in file.relative_to(package).parts]
    # What a kernel's table says reaches the room as what `compiling` makes of it.
    files += [package / "settings" / "compiling.py", package / "settings" / "loading.py"]
    readers = [text for file in files if "settings" in (text := file.read_text())]
    unread = [entry.key for entry in entries() if not any(re.search(rf'[."]{entry.key}\b', text) for text in readers)]
    assert unread == []


def test_readme_examples_are_settings(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    examples = [block for block in blocks if "[kernels." in block]
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "memory_fusion.py").touch()
    (tmp_path / "grace.toml").write_text("\n".join(examples))
    loaded = load_settings(tmp_path / "grace.toml")
    assert {"memory_fusion", "db", "migrate", "web-3", "report"} <= set(loaded.kernels)
    assert loaded.kernel("web-1").overrides["conditions"] == {"migrate": "completed"}


def test_readme_names_every_key_that_a_kernel_may_have() -> None:
    shown = README.read_text()
    assert [entry.key for entry in entries() if f"`{entry.key}`" not in shown] == []
