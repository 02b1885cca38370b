"""Lends a screen's terminal to the person's editor, where its driver can; the room and other screens go on."""

import asyncio
import os
from typing import Any

from textual.app import App

from grace_tui.faces.editing import Draft, editor
from grace_tui.kernel.errors import GraceError


async def edited(app: App[Any], text: str, name: str) -> str | None:
    """What the person left of the text; None where the terminal cannot be lent.

    Raises:
        GraceError: the editor could not be started, or failed.
    """
    driver = app._driver
    if driver is None or not driver.can_suspend:
        return None
    driver.suspend_application_mode()
    try:
        with Draft(text, name) as draft:
            await _run([*editor(), str(draft.path)], getattr(driver, "terminal", "/dev/tty"))
            return draft.read()
    finally:
        driver.resume_application_mode()
        app.refresh(layout=True)


async def _run(argv: list[str], terminal: str) -> None:
    """Run a program in a terminal of its own opening: the screen's own descriptor never blocks, and is shared."""
    handle = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    try:
        process = await asyncio.create_subprocess_exec(*argv, stdin=handle, stdout=handle, stderr=handle)
    except OSError as error:
        raise GraceError(f"{argv[0]}: {error.strerror or error}; set EDITOR to yours") from error
    finally:
        os.close(handle)
    if code := await process.wait():
        raise GraceError(f"{argv[0]} ended with exit code {code}; the repair stays as it is")
