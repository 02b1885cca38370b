"""Drawing in cells: text made safe and fitted, figures made short, styles, lines, frames. Pure functions; no app."""
