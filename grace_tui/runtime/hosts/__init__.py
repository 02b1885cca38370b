"""Where a kernel's work happens: a task on the supervisor's loop, a process of its own, or any program.

Re-exports nothing: the settings read the limits and commands in here before the first screen is painted.
"""
