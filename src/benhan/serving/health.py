"""/healthz: the process lives. /readyz: it can do its work, with the reason where it cannot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from benhan.kernel.faults import Fault

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises the Fault that tells what is not."""


async def healthz(_request: Request) -> Response:
    """200 while the process answers at all."""
    return JSONResponse({"status": "alive"})


class Readiness:
    """Answers 200 when every check passes, else 503 with the code of each that does not."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def endpoint(self, _request: Request) -> Response:
        told: dict[str, str] = {}
        for name, check in self._checks.items():
            try:
                await check()
            except Fault as fault:
                told[name] = fault.code
        return JSONResponse(
            {"status": "not ready" if told else "ready", "failing": told}, status_code=503 if told else 200
        )
