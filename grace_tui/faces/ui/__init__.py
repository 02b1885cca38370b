"""The room's screens. Shows RoomViews and posts commands; keeps nothing of its own that matters.

`splash`, `layout`, `palette`, `ports` and `commands` import neither Textual nor Rich: the first frame is painted before
those are loaded.
"""

import os

# Textual reads it while it is imported. Repaints are driven by views and keys, so a finer timer costs no CPU and cuts
# the wait of a key press for its repaint.
os.environ.setdefault("TEXTUAL_FPS", "240")
