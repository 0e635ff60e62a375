"""The landing page, for people who open the local cloud in a browser."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from infra.local.gateway import HttpRequest, Response

PAGE = Path(__file__).with_name("page")
PREFIX = "/_local/page/"
KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
# One plain name: a path that leads anywhere else is none.
_NAME = re.compile(r"[a-z]+\.(html|js|css|svg)")


def is_landing_page(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD") and (request.path == "/" or request.path.startswith(PREFIX))


def serve(request: HttpRequest) -> Response | None:
    """None if the page has no such file."""
    name = "index.html" if request.path == "/" else request.path.removeprefix(PREFIX)
    found = _NAME.fullmatch(name)
    if found is None or not (file := PAGE / name).is_file():
        return None
    # Read each time, so that a change shows at the next reload.
    text = file.read_text("utf-8")
    if name == "index.html":
        text = text.replace("{{api}}", os.environ.get("PUBLIC_URL", "")).replace("{{s3}}", _s3())
    return Response(200, _headers(KINDS[found[1]]), text.encode())


def _headers(kind: str) -> Headers:
    return Headers(
        {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Security-Policy": _policy(),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )


def _policy() -> str:
    """The page itself, the API, which has the same origin, and S3; nothing else, and nothing inline. Live video is
    put together in the page, which is a blob to it."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {_s3()}; connect-src 'self' {_s3()}; "
        f"media-src 'self' blob: {_s3()}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _s3() -> str:
    """The origin of S3, as the functions are given it."""
    parts = urlsplit(os.environ.get("MEDIA_URL", ""))
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
