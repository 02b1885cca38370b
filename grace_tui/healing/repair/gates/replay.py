"""The gates that make `fixed` mean fixed: the failure shows without the patch and not with it, and the kernel starts.

How a failure is made to show is the caller's to say (`Context.replay`); `Starting` does it for kernels and commands.
"""

import asyncio

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.gates.setting import Said, Setting
from grace_tui.healing.repair.reproduce import Outcome, Reproduction, reproduce


async def replay(setting: Setting) -> Said:
    """The original failure is gone."""
    check = setting.context.replay
    return Said(None, "the command itself is run again") if check is None else await check(setting)


async def canary(setting: Setting) -> Said:
    """The failing kernel starts."""
    check = setting.context.canary
    return Said(None, "no kernel failed") if check is None else await check(setting)


class Starting:
    """Starts what failed once for each patch; both gates read what came of it.

    `unpatched` is how the failure shows without a patch; it begins with the diagnosis.
    """

    def __init__(self, failure: Failure, reproduction: Reproduction, unpatched: "asyncio.Future[Outcome]") -> None:
        self.failure, self.reproduction, self.unpatched = failure, reproduction, unpatched
        self._patched: dict[Setting, Outcome] = {}
        self._turn = asyncio.Lock()

    async def replay(self, setting: Setting) -> Said:
        patched = await self._start(setting)
        unpatched = await self.unpatched
        if not unpatched.shows(self.failure):
            return Said(False, f"without the patch the failure did not show again: {unpatched.text}")
        if patched.shows(self.failure) or (self.reproduction.command and not patched.ok):
            return Said(False, f"with the patch: {patched.text}")
        return Said(True, f"failed without the patch, {patched.text} with it; {setting.after.isolation}")

    async def canary(self, setting: Setting) -> Said:
        if self.reproduction.command:
            return Said(None, "a command was run, no kernel")
        patched = await self._start(setting)
        return Said(patched.ok, f"{self.reproduction.kernel}: {patched.text}")

    async def _start(self, setting: Setting) -> Outcome:
        """Whoever asks first starts it; the other waits for the same start."""
        async with self._turn:
            if setting not in self._patched:
                provider = setting.patch.site.provider
                self._patched[setting] = await reproduce(self.reproduction, setting.after, provider)
            return self._patched[setting]
