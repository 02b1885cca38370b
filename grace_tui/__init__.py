"""A terminal control room for a self-healing Python runtime."""

__version__ = "0.1.0"
