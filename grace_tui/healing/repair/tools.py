"""Finds the command-line tools that were installed with this Python."""

import shutil
import sys
from pathlib import Path


def find_tool(name: str) -> str:
    """Path of a tool: beside the running Python first, then on PATH; empty where it is not installed."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name) or ""
