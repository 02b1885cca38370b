"""Mending the text of a source that cannot be read as Python: pure functions from text to texts.

`mend` looks for the smallest changes that make it readable again; the rules are in files by what was damaged.
"""

from grace_tui.healing.repair.text.mending import Mended, mend
from grace_tui.healing.repair.text.reading import Problem, ends_too_soon, problem_in

__all__ = ["Mended", "Problem", "ends_too_soon", "mend", "problem_in"]
