"""The folder that goes first on another program's PYTHONPATH, so that its failures are recorded where they happen.

`sitecustomize.py` is what that program's Python loads by itself; it starts `grace_hook`. Both use the standard library
alone, in the syntax of Python 3.8, and import nothing else of this package: the program may run on any Python.
`healing/repair/recorded.py` says how to turn it on and reads what it wrote; `incidents/capture.py` uses its looks at
live objects in this process.
"""
