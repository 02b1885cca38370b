"""A kernel in a process of its own: the same file, the same ports, another fate."""
