"""Evidence of an incident: what is taken when it happens, and the bundle that is written of it.

Exports nothing: a kernel's own process needs `seen` alone, and should not pay for the rest.
"""
