"""One verb a file; each has a click command named `command`, and imports what is heavy inside it."""
