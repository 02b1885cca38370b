"""The first frame, in plain ANSI, written before anything heavy is imported. It looks like the empty room.

No third-party imports. It enters the alternate screen and hides the cursor; the driver that follows
does so too, and leaves both.
"""

from grace_tui.faces.ui.layout import Box, plan
from grace_tui.faces.ui.palette import GRACE

KERNELS = 20
"""How many kernels the empty room is laid out for: none has been counted yet."""


def splash_bytes(width: int, height: int, line: str = "opening …", *, truecolor: bool = False) -> bytes:
    """The frame for a terminal of `width` x `height`. `line` is said in the header."""
    width, height = max(1, width), max(1, height)
    boxes = plan(width, height, KERNELS)
    text = "".join(char if char.isprintable() else " " for char in line)
    out = ["\x1b[?1049h\x1b[?25l", _ground(GRACE.background, truecolor), "\x1b[2J"]
    if boxes.boxed:
        for title, box in (("kernels", boxes.grid), ("incidents", boxes.feed), ("coding agent", boxes.queue)):
            out += _box(title, box, truecolor)
    header = f" grace  ◐ {text}"[:width].ljust(width)
    out += [_ground(GRACE.panel, truecolor), _ink(GRACE.accent, truecolor, "1"), f"\x1b[1;1H{header}\x1b[0m"]
    if boxes.footer.height:
        out += [_ground(GRACE.panel, truecolor), f"\x1b[{boxes.footer.y + 1};1H{' ' * width}\x1b[0m"]
    return "".join(out).encode("utf-8", "replace")


def _box(title: str, box: Box, truecolor: bool) -> list[str]:
    if box.width < len(title) + 6 or box.height < 3:
        return []
    top = f"╭─ {title} " + "─" * (box.width - len(title) - 5) + "╮"
    rows = [f"\x1b[{box.y + 1};{box.x + 1}H{top}"]
    rows += [f"\x1b[{y};{box.x + 1}H│\x1b[{y};{box.x + box.width}H│" for y in range(box.y + 2, box.y + box.height)]
    rows.append(f"\x1b[{box.y + box.height};{box.x + 1}H╰{'─' * (box.width - 2)}╯")
    return [_ink(GRACE.line, truecolor, "2"), *rows, "\x1b[22m"]


def _ink(colour: str, truecolor: bool, otherwise: str) -> str:
    return f"\x1b[38;2;{_rgb(colour)}m" if truecolor else f"\x1b[{otherwise}m"


def _ground(colour: str, truecolor: bool) -> str:
    return f"\x1b[48;2;{_rgb(colour)}m" if truecolor else ""


def _rgb(colour: str) -> str:
    return ";".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
