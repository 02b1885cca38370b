"""Theme files are checked strictly; a broken one never stops the room."""

from pathlib import Path

import pytest

from grace_tui.faces.ui.palette import GRACE
from grace_tui.faces.ui.theme import ThemeError, load_theme, load_themes, textual_theme

SHIPPED = Path(__file__).parents[3] / "themes"
GOOD = (SHIPPED / "grace.toml").read_text()


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_shipped_themes_are_all_sound() -> None:
    themes = load_themes([SHIPPED])
    assert themes.problems == ()
    assert set(themes.palettes) == {"grace", "grace-light", "ansi", "high-contrast"}


def test_built_in_theme_is_the_shipped_default() -> None:
    assert load_theme(SHIPPED / "grace.toml") == GRACE


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        pytest.param(("muted =", "mutted ="), "colours.mutted", "did you mean colours.muted?", id="unknown-colour"),
        pytest.param(("dark =", "drak ="), "drak", "did you mean dark?", id="unknown-key"),
        pytest.param(
            ("#ff6464", "redish"), "colours.bad", "is 'redish'; expected a colour such as #ff6464", id="no-colour"
        ),
        pytest.param(("dark = true", "dark = 1"), "dark", "is 1; expected true or false", id="wrong-type"),
        pytest.param(('name = "grace"', 'name = "My Theme"'), "name", "lower-case letters", id="bad-name"),
        pytest.param(('muted = "#788799"\n', ""), "colours.muted", "is missing", id="missing"),
    ],
)
def test_a_bad_theme_is_refused_with_file_and_key(
    tmp_path: Path, change: tuple[str, str], key: str, words: str
) -> None:
    path = written(tmp_path, GOOD.replace(*change))
    with pytest.raises(ThemeError) as refused:
        load_theme(path)
    assert refused.value.key == key
    assert str(refused.value).startswith(f"{path}: {key}")
    assert words in str(refused.value)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ThemeError, match="cannot be read"):
        load_theme(written(tmp_path, "name = "))


def test_a_broken_theme_is_told_about_and_the_others_stay(tmp_path: Path) -> None:
    written(tmp_path, "name = ")
    themes = load_themes([SHIPPED, tmp_path])
    assert len(themes.problems) == 1
    assert "grace-light" in themes.palettes


def test_a_missing_folder_leaves_the_built_in_theme(tmp_path: Path) -> None:
    assert dict(load_themes([tmp_path / "none"]).palettes) == {"grace": GRACE}


def test_the_users_theme_replaces_the_shipped_one(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("#6cb6ff", "#123456"))
    assert load_themes([SHIPPED, tmp_path]).palettes["grace"].accent == "#123456"


def test_next_theme_goes_round() -> None:
    themes, name = load_themes([SHIPPED]), "grace"
    seen = [name := themes.after(name) for _ in themes.palettes]
    assert sorted(seen) == sorted(themes.palettes)
    assert themes.after("gone") == "grace"


def test_terminal_colours_are_passed_through() -> None:
    theme = textual_theme(load_theme(SHIPPED / "ansi.toml"))
    assert (theme.ansi, theme.background, theme.error) == (True, "ansi_default", "ansi_bright_red")


@pytest.mark.parametrize("name", ["grace", "grace-light", "high-contrast"])
def test_every_word_can_be_read_on_its_ground(name: str) -> None:
    palette = load_themes([SHIPPED]).palettes[name]
    pairs = [(colour, palette.background) for colour in (palette.text, palette.muted, palette.accent, palette.bad)]
    pairs += [(palette.ok, palette.background), (palette.warn, palette.background), (palette.bad_text, palette.bad)]
    assert min(contrast(*pair) for pair in pairs) >= 4.5


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
