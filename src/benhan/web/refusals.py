"""What a person sees who is not let through."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from benhan.access.middleware import ASGIApp, Scope
from benhan.kernel.faults import Fault


def refused_page(scope: Scope, fault: Fault) -> ASGIApp:
    """The sign-in page for somebody unknown, a plain refusal for somebody known."""
    if fault.category == "unauthenticated" and scope["method"] == "GET":
        return RedirectResponse(f"/sign-in?next={quote(scope['path'])}", 303)
    text = f"{fault.code} {fault.text.vi}\n{fault.text.en}\n"
    return Response(text, 401 if fault.category == "unauthenticated" else 403, media_type="text/plain")
