"""`python -m grace_tui` is `grace-tui`."""

from grace_tui.cli import main

main()
