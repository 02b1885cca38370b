"""Every private name of Textual and Rich that the stream driver relies on, with what each is for.

Textual is pinned to a minor version for the sake of this file; the tests that read the paint with a terminal emulator
tell whether a new version still fits. Besides, the driver uses what `Driver` gives its subclasses, and nothing else.
"""

import asyncio
import io
import sys
from collections.abc import Callable
from typing import Any

from rich.color import ColorSystem
from rich.console import Console
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.filter import ANSIToTruecolor


class KeyParser(XTermParser):
    """Turns a terminal's bytes into events, as every driver of Textual does.

    The original caches this method for the whole process with the parser as a part of the key, so that every
    client that ever pressed a key would keep its App alive.
    """

    _parse_extended_key = XTermParser._parse_extended_key.__wrapped__  # type: ignore[assignment]

    @property
    def waits(self) -> bool:
        """Whether a lone ESC may still become a sequence: then `tick` is due."""
        return self._timeout_time is not None


def prepare(app: App[Any]) -> None:
    """Make an App fit to run beside others in one process. Called before it runs."""
    # Each App redirects the process's stdout and stderr to itself while it runs. Many Apps would restore one another's
    # and end at a dead one; redirecting to what is there already changes nothing.
    app._capture_stdout = sys.stdout  # type: ignore[assignment]
    app._capture_stderr = sys.stderr  # type: ignore[assignment]
    # All Apps render in 24 bits, whatever the environment of this process says; the driver translates for its peer.
    app.console._color_system = ColorSystem.TRUECOLOR
    # A crash would render a traceback with the values of locals, and print it to this process's stderr.
    app._fatal_error = _close_quietly(app)  # type: ignore[method-assign]
    app.error_console = Console(file=io.StringIO())


def crash_of(app: App[Any]) -> Exception | None:
    """What an App died of; it swallows its own exceptions."""
    return app._exception


def forget() -> None:
    """Let go of what ended screens left in caches of the process. Called when a screen has ended.

    These two are methods cached with their object as a part of the key: a thousand painted widgets, with all their
    lines, would be kept until newer ones push them out. The screens that go on fill them anew.
    """
    StylesCache.get_inner_outer.cache_clear()
    ANSIToTruecolor.truecolor_style.cache_clear()


def cancel_stuck(app: App[Any], own_task: asyncio.Task[Any]) -> None:
    """Cancel the handlers that keep an App, told to exit some time ago, from ending; `own_task` runs the App itself.

    A pump that has left its loop waits for those of its children, and must not be cancelled: it would abandon them.
    """
    app.workers.cancel_all()
    for node in list(app._registry):
        if node is not app and node._running and node._task is not None:
            node._task.cancel()
    if app._running:
        own_task.cancel()


def _close_quietly(app: App[Any]) -> Callable[[], None]:
    close: Callable[[], None] = app._close_messages_no_wait
    return close
