"""The gate that makes `fixed` mean fixed: the failure shows in a copy without the patch, and no longer with it."""

from grace_tui.healing.repair.gates.setting import Said, Setting
from grace_tui.healing.repair.process import isolation
from grace_tui.healing.repair.reproduce import reproduce


async def replay(setting: Setting) -> Said:
    patched = await reproduce(setting.reproduction, setting.after, setting.patch.site.provider)
    unpatched = await setting.unpatched
    if not unpatched.shows(setting.failure):
        return Said(False, f"without the patch the failure did not show again: {unpatched.text}")
    if not patched.ok:
        return Said(False, f"with the patch: {patched.text}")
    return Said(True, f"failed without the patch, {patched.text} with it; {await isolation()}")
