"""Installed packages against those that were accepted, and against what the project asks for. For worker threads."""

import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Stamp = tuple[tuple[str, int], ...]
PROJECT = "pyproject.toml"
SUFFIX = ".dist-info"


class Installed:
    """Installed distributions and versions; read again only when a folder of packages changed."""

    def __init__(self, path: Iterable[str] | None = None) -> None:
        self.folders = [folder for folder in (sys.path if path is None else path) if folder]
        self._stamp: Stamp | None = None
        self._found: Mapping[str, str] = {}

    def read(self) -> Mapping[str, str]:
        stamp = _stamp(self.folders)
        if stamp != self._stamp:
            self._found = _versions(self.folders)
            self._stamp = stamp
        return self._found


def _stamp(folders: Iterable[str]) -> Stamp:
    """A package that comes or goes renames its `dist-info`, which changes the folder's time."""
    found = []
    for folder in folders:
        try:
            found.append((folder, Path(folder).stat().st_mtime_ns))
        except OSError:
            continue
    return tuple(found)


def _versions(folders: Iterable[str]) -> Mapping[str, str]:
    """Name -> version from the names of the `dist-info` folders: reading the metadata takes ten times as long."""
    found: dict[str, str] = {}
    for folder in folders:
        try:
            entries = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(SUFFIX))
        except OSError:  # a zip file, or a folder that is not there
            continue
        for entry in entries:
            name, _, version = entry.removesuffix(SUFFIX).partition("-")
            found.setdefault(_plain(name), version)
    return found


def regressions(accepted: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Packages that are gone or older than what was accepted; a newer or an additional one is none."""
    found = []
    for name, version in sorted(accepted.items()):
        if name not in now:
            found.append(f"{name} {version} is gone")
        elif now[name] != version and is_older(now[name], version):
            found.append(f"{name} {now[name]}, was {version}")
    return found


def replaced(started_with: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Packages whose files are others than when this process started, while it may still run their old code."""
    return [
        f"{name} {version} -> {now.get(name, 'gone')}"
        for name, version in sorted(started_with.items())
        if now.get(name) != version
    ]


def is_older(version: str, than: str) -> bool:
    """Whether a version comes before another; one that is no version counts as older where it differs."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version) < Version(than)
    except InvalidVersion:
        return version != than


def unmet(root: Path, now: Mapping[str, str], python: str) -> list[str]:
    """What the workspace's `pyproject.toml` asks for and this Python does not have; nothing where there is none."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    project = _project(root)
    asked = project.get("requires-python")
    found = []
    try:
        if isinstance(asked, str) and not SpecifierSet(asked).contains(python, prereleases=True):
            found.append(f"Python {python}, {PROJECT} asks for {asked}")
    except InvalidSpecifier:
        found.append(f"{PROJECT}: requires-python is {asked!r}, which is no version range")
    for text in project.get("dependencies", ()):
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            found.append(f"{PROJECT}: {text!r} is no requirement: {error}")
            continue
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        version = now.get(_plain(wanted.name))
        if version is None:
            found.append(f"{wanted.name} is missing, {PROJECT} asks for it")
        elif not wanted.specifier.contains(version, prereleases=True):
            found.append(f"{wanted.name} {version}, {PROJECT} asks for {wanted.specifier}")
    return found


def _project(root: Path) -> Mapping[str, Any]:
    try:
        table = tomllib.loads((root / PROJECT).read_text(encoding="utf-8")).get("project", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}  # without one nothing is asked for; one that cannot be read is told by whoever builds from it
    return table if isinstance(table, dict) else {}


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
