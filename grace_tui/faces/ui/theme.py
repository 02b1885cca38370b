"""Theme files: `*.toml`, checked strictly, made into a palette for our lines and a theme for Textual's own widgets."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from textual.theme import BUILTIN_THEMES, Theme

from grace_tui.faces.ui.palette import GRACE, Palette
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spelling import nearest

Value = TypeVar("Value")
COLOURS = (
    "text",
    "muted",
    "accent",
    "ok",
    "warn",
    "bad",
    "bad_text",
    "background",
    "panel",
    "line",
    "work",
    "select",
)
TERMINAL_COLOURS = frozenset(
    f"{bright}{colour}"
    for bright in ("", "bright_")
    for colour in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
) | {"default"}
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


class ThemeError(GraceError):
    """A theme file says something that cannot be used."""

    def __init__(self, path: Path, key: str, problem: str) -> None:
        super().__init__(f"{path}: {key} {problem}")
        self.path, self.key = path, key


@dataclass(frozen=True, slots=True)
class Themes:
    """The themes there are, by name, and what was wrong with the files that gave none."""

    palettes: Mapping[str, Palette]
    problems: tuple[str, ...] = ()

    def named(self, name: str) -> Palette:
        return self.palettes.get(name, GRACE)

    def after(self, name: str) -> str:
        """The next theme's name, round and round."""
        names = list(self.palettes)
        return names[(names.index(name) + 1) % len(names)] if name in names else names[0]


def load_themes(folders: Sequence[Path]) -> Themes:
    """All themes in `folders`; a later folder's replaces one of the same name; the built-in one is always there."""
    palettes: dict[str, Palette] = {GRACE.name: GRACE}
    problems: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                palette = load_theme(path)
            except ThemeError as error:
                problems.append(str(error))
            else:
                palettes[palette.name] = palette
    return Themes(palettes, tuple(problems))


def load_theme(path: Path) -> Palette:
    """One theme file.

    Raises:
        ThemeError: It cannot be read, or a key is missing, unknown or has a wrong value.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(path, "cannot be read:", str(error)) from error
    _only(path, "", found, ("name", "dark", "ansi", "colours"))
    ansi = _typed(path, found, "ansi", bool, False)
    colours = _typed(path, found, "colours", dict, {})
    _only(path, "colours.", colours, COLOURS)
    return Palette(
        name=_name(path, found),
        dark=_typed(path, found, "dark", bool, True),
        ansi=ansi,
        **{key: _colour(path, key, colours.get(key), ansi) for key in COLOURS},
    )


def textual_theme(palette: Palette) -> Theme:
    """The same colours for Textual's own widgets (the command palette)."""

    def colour(name: str) -> str:
        return f"ansi_{name}" if palette.ansi else name

    native = BUILTIN_THEMES["ansi-dark" if palette.dark else "ansi-light"].variables if palette.ansi else {}
    select = colour(palette.muted if palette.select == "reverse" else palette.select)
    return Theme(
        name=palette.name,
        dark=palette.dark,
        ansi=palette.ansi,
        primary=colour(palette.accent),
        secondary=colour(palette.muted),
        warning=colour(palette.warn),
        error=colour(palette.bad),
        success=colour(palette.ok),
        accent=colour(palette.accent),
        foreground=colour(palette.text),
        background=colour(palette.background),
        surface=colour(palette.panel),
        panel=colour(palette.panel),
        boost=colour(palette.panel),
        variables={
            **native,
            "border": colour(palette.line),
            "border-blurred": colour(palette.line),
            "block-cursor-background": select,
            "block-cursor-foreground": colour(palette.text),
        },
    )


def _only(path: Path, prefix: str, found: Mapping[str, object], known: Sequence[str]) -> None:
    for key in found:
        if key not in known:
            right = nearest(f"{prefix}{key}", [f"{prefix}{name}" for name in known])
            raise ThemeError(path, f"{prefix}{key}", f"is not a key of a theme; {right}")


def _typed(path: Path, found: Mapping[str, object], key: str, kind: type[Value], default: Value) -> Value:
    value = found.get(key, default)
    if not isinstance(value, kind):
        raise ThemeError(path, key, f"is {value!r}; expected {'true or false' if kind is bool else 'a table'}")
    return value


def _name(path: Path, found: Mapping[str, object]) -> str:
    name = found.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ThemeError(path, "name", f"is {name!r}; expected lower-case letters, digits and dashes")
    return name


def _colour(path: Path, key: str, value: object, ansi: bool) -> str:
    expected = "the name of a terminal colour, such as bright_red" if ansi else "a colour such as #ff6464"
    if key == "select":
        expected += ", or reverse"
        if value == "reverse":
            return "reverse"
    if isinstance(value, str) and (value in TERMINAL_COLOURS if ansi else _HEX.fullmatch(value)):
        return value
    found = "is missing" if value is None else f"is {value!r}"
    raise ThemeError(path, f"colours.{key}", f"{found}; expected {expected}")
