"""A handle to another kernel: always reaches the instance that runs now."""

from collections.abc import Awaitable, Callable
from typing import Any


class Handle:
    """Calls go to the provider's current instance, so a handle may be kept over its restarts.

    Every call raises ProviderDown where the provider is down; the provider's own errors pass through.
    """

    __slots__ = ("_provider", "_resolve")

    def __init__(self, provider: str, resolve: Callable[[str], Awaitable[object]]) -> None:
        self._provider = provider
        self._resolve = resolve

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        if method.startswith("_"):
            raise AttributeError(f"{method} is private to {self._provider}")

        async def call(*args: object, **kwargs: object) -> Any:
            instance = await self._resolve(self._provider)
            provider = getattr(instance, method)
            return await provider(*args, **kwargs)

        return call

    def __repr__(self) -> str:
        return f"<handle to {self._provider}>"
