"""From files on disk to running code."""
