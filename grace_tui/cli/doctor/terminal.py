"""Looks at the terminal: is it one, how large, how many colours, which encoding."""

import curses
import os
import sys
from collections.abc import Iterator, Mapping

from grace_tui.cli.doctor.finding import Finding, judged

WIDE, HIGH = 80, 24
SMALLEST = (40, 12)


def terminal_findings() -> Iterator[Finding]:
    is_terminal = sys.stdout.isatty()
    yield judged(
        "terminal",
        os.environ.get("TERM", "no TERM") if is_terminal else "output does not go to one",
        None if is_terminal else "warn",
        "run it in a terminal to check that too",
    )
    if is_terminal:
        yield terminal_size(*os.get_terminal_size(sys.stdout.fileno()))
    yield colours(os.environ, _terminfo_colours())
    yield encoding(sys.stdout.encoding or "")


def terminal_size(columns: int, lines: int) -> Finding:
    too_small = columns < SMALLEST[0] or lines < SMALLEST[1]
    small = columns < WIDE or lines < HIGH
    advice = f"make it at least {WIDE}x{HIGH}; under {SMALLEST[0]}x{SMALLEST[1]} nothing fits"
    return judged("terminal size", f"{columns}x{lines}", "bad" if too_small else "warn" if small else None, advice)


def colours(environment: Mapping[str, str], terminfo: int) -> Finding:
    """True colour is announced by COLORTERM alone; terminfo tells the rest."""
    if environment.get("NO_COLOR"):
        return Finding("colours", "warn", "NO_COLOR is set", "unset NO_COLOR to tell the states apart by colour, too")
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return Finding("colours", "ok", "16 million")
    advice = "set TERM=xterm-256color, and COLORTERM=truecolor if your terminal has it"
    return judged("colours", str(terminfo), "warn" if terminfo < 256 else None, advice)


def encoding(name: str) -> Finding:
    is_utf8 = name.lower().replace("-", "") == "utf8"
    return judged("encoding", name or "unknown", None if is_utf8 else "bad", "set LANG=C.UTF-8")


def _terminfo_colours() -> int:
    try:
        curses.setupterm(os.environ.get("TERM", "dumb"), fd=1)
    except curses.error:
        return 0
    return max(curses.tigetnum("colors"), 0)
