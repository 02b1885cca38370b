"""Reading a kernel's file: a stop that comes meanwhile wins, and the workspace's settings speak over the spec."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import anyio

from grace_tui.runtime.reload.loader import LoadedKernel
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.needs import check_spec
from grace_tui.runtime.supervisor.parts import Parts


async def read(child: Child, parts: Parts) -> bool | BaseException:
    """Load the child's code anew: True where it did, False where it was stopped meanwhile, else what went wrong."""
    scope = child.loading = anyio.CancelScope()
    try:
        with scope:
            code = await child.source.load(child.name)
            apply_overrides(code, parts.overrides.get(child.name, {}))
            check_spec(child.name, code.kind.spec)
            child.code = code
            return True
    except anyio.get_cancelled_exc_class():
        raise
    except BaseException as error:  # part of the crash boundary: importing a kernel runs its code
        return error
    finally:
        child.loading = None
    return False


def apply_overrides(code: LoadedKernel, overrides: Mapping[str, Any]) -> None:
    """Let the workspace's settings speak over a kernel's own spec; the class was made for this load alone."""
    if overrides:
        code.kind.spec = dataclasses.replace(code.kind.spec, **overrides)
