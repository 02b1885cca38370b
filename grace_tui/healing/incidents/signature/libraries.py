"""Messages of well-known libraries and systems that say the same: brought to one form, tried in this order.

The same kind of rows as in `versions`: what differs here is the library's version, the machine, or the order of luck.
"""

from grace_tui.healing.incidents.signature.versions import table


def _program(path: str) -> str:
    """`python` of `/usr/bin/python3.12`."""
    return path.rpartition("/")[2].rstrip("0123456789.") or path


_NETWORK = table(
    ("(_ssl.c:", r" ?\(_ssl\.c:\d+\)", ""),
    ("self signed", r"\bself signed\b", "self-signed"),
    ("[SSL: ", r"\[SSL: UNEXPECTED_EOF_WHILE_READING\] ", ""),
    (
        "name",
        r"\b(?:nodename nor servname provided, or not known|Name does not resolve)\b",
        "Name or service not known",
    ),
    # One name has several addresses on one machine and one on the next; each is tried.
    ("Multiple exceptions: ", r"Multiple exceptions: ", ""),
    ("Connect call failed", r"(?:\[Errno -?\d+\] )?Connect call failed(?: \([^()\n]{0,120}\))?", "Connect call failed"),
    ("Connect call failed, ", r"(Connect call failed)(?:, \1)+", r"\1"),
    (" ssl:", r" ssl:(?:<[^<>\n]{0,120}>|\w+)", ""),
)
_VALUES = table(
    ("=URL(", r"=URL\(('[^'\n]{0,2000}')\)", r"=\1"),
    ("input_value=", r"input_value=[^\n]{0,300}?, input_type=\w+\]", "input_type]"),
    ("For further information", r"^ *For further information visit \S+$", ""),
    ("For more information check", r"^ *For more information check: \S+$", ""),
    ("(Background on", r"\(Background on this error at: \S+\)", ""),
    ("[parameters: ", r"^\[parameters: [^\n]*", ""),
    (")=(", r"\)=\([^()\n]{0,300}\)", ")=(<value>)"),
    ("sub-exception", r" \(\d+ sub-exceptions?\)", ""),
    ("without a readable text>", r"<\w+ without a readable text>", "<exception str() failed>"),
)
_COMMANDS = table(
    # Of a command its program stays: the arguments are files and ids.
    (
        "Command ",
        r"^Command (?:'\['([^'\n]{1,200})'[^\n]{0,1500}\]'|'(\S{1,200})[^'\n]{0,1500}') (?=returned|timed|died)",
        lambda found: f"Command `{_program(found[1] or found[2])}()` ",
    ),
)
_STATUS = table(
    # What a server answered is what happened, not a value.
    ("HTTP Error ", r"\bHTTP Error (\d{3})\b", r"HTTP Error http\1"),
    (" Error: ", r"^(\d{3})(?= (?:Client|Server) Error: )", r"http\1"),
    (", message=", r"^(\d{3})(?=, message=)", r"http\1"),
    (" error '", r" error '(\d{3}) [A-Za-z -]{1,40}'", r" error http\1"),
    ("tatus code", r"\b([Ss]tatus code:? )(\d{3})\b", r"\1http\2"),
)

BY_LIBRARY = (*_NETWORK, *_VALUES, *_COMMANDS, *_STATUS)
