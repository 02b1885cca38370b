"""What the operators of imports know: which module is which file, who asks whom for what, and where a thing went.

No libcst here: diagnosis asks it too.
"""
