"""A handle to another kernel: always reaches the instance that runs now."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from grace_tui.kernel.errors import LoopBroken, ProviderDown


class Handle:
    """Calls go to the provider's current instance, so a handle may be kept over its restarts.

    Every call raises ProviderDown where the provider is down, or was broken off because it held the loop; the
    provider's own errors pass through.
    """

    __slots__ = ("_consumer", "_provider", "_resolve", "_took")

    def __init__(
        self,
        provider: str,
        resolve: Callable[[str], Awaitable[object]],
        *,
        consumer: str = "a kernel",
        took: Callable[[str, str, float], None] = lambda provider, name, seconds: None,
    ) -> None:
        self._provider = provider
        self._resolve = resolve
        self._consumer = consumer
        self._took = took

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        if method.startswith("_"):
            raise AttributeError(f"{method} is private to {self._provider}")

        async def call(*args: object, **kwargs: object) -> Any:
            instance = await self._resolve(self._provider)
            provider = getattr(instance, method)
            began = time.perf_counter()
            try:
                return await provider(*args, **kwargs)
            except LoopBroken as broken:  # the provider's doing: it must not end its consumer
                raise ProviderDown(self._consumer, self._provider, "holding the loop") from broken
            finally:
                self._took(self._provider, f"{self._provider}.{method}", time.perf_counter() - began)

        return call

    def __repr__(self) -> str:
        return f"<handle to {self._provider}>"
