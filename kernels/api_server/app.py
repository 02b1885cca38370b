"""The HTTP application of api_server: routes, the token, and errors as JSON. Reads the room; changes nothing."""

import hmac
from collections.abc import Awaitable, Callable

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from grace_tui.kernel import KernelContext
from kernels.api_server.metrics import render_metrics

Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(context: KernelContext, token: str, count_request: Callable[[], None]) -> Starlette:
    """The application; every path but /health wants `token` as bearer."""

    async def health(request: Request) -> Response:
        count_request()
        return answer({"status": "ok"})

    async def status(request: Request) -> Response:
        return answer(context.room.status())

    async def kernels(request: Request) -> Response:
        return answer(context.room.kernels())

    async def incidents(request: Request) -> Response:
        return answer(context.incidents.all())

    async def metrics(request: Request) -> Response:
        return Response(*render_metrics(context))

    def guarded(endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            count_request()
            check_token(request, token)
            return await endpoint(request)

        return checked

    inside = {"/status": status, "/kernels": kernels, "/incidents": incidents, "/metrics": metrics}
    routes = [Route("/health", health), *(Route(path, guarded(endpoint)) for path, endpoint in inside.items())]
    return Starlette(routes=routes, exception_handlers={HTTPException: show_error})


def check_token(request: Request, token: str) -> None:
    """Raise 401 unless the request bears the token."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.encode(), token.encode()):
        raise HTTPException(401, "a bearer token is needed; it is in .grace/api-token", {"WWW-Authenticate": "Bearer"})


def answer(data: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(data), status, headers, "application/json")


async def show_error(request: Request, error: Exception) -> Response:
    """An HTTP error as JSON."""
    if not isinstance(error, HTTPException):
        raise error
    body = {"error": error.status_code, "detail": error.detail, "path": request.url.path}
    return answer(body, error.status_code, dict(error.headers or {}))
