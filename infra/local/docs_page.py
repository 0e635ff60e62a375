"""`/docs` of the local cloud: the contract for people, by Redoc where it was fetched (`make player`), else plainly."""

from __future__ import annotations

import json
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from werkzeug.datastructures import Headers

from chalicelib.entry.contract import DOCUMENT
from infra.local.gateway import HttpRequest, Response

PATH, SCRIPT = "/docs", "/docs/redoc.standalone.js"
REDOC = Path(__file__).parents[2] / "build" / "players" / "redoc.standalone.js"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sowa: the contract</title>{head}</head><body>{body}</body></html>
"""
_BY_REDOC = (
    "<style>body { margin: 0 }</style>",
    '<redoc spec-url="/openapi.json" hide-download-button expand-responses="200,201,202"></redoc>'
    f'<script src="{SCRIPT}"></script>',
)
_STYLE = """<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; color: #1d2430 }
h2 { margin-top: 2.5rem } p { margin: .4rem 0 } code { overflow-wrap: anywhere }
details { border: 1px solid #d5dae2; border-radius: 6px; margin: .5rem 0; padding: .5rem .8rem }
summary { cursor: pointer } summary b { display: inline-block; min-width: 4.2rem }
pre { background: #f3f5f8; padding: .6rem; overflow-x: auto; font-size: .85rem }
</style>"""
# Redoc writes its styles into the page, and looks for words in a worker.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def is_docs_page(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD") and request.path in (PATH, SCRIPT)


def serve(request: HttpRequest) -> Response | None:
    """None for Redoc's script where it is not there."""
    if request.path == SCRIPT:
        return Response(200, _headers("text/javascript"), REDOC.read_bytes()) if REDOC.is_file() else None
    head, body = _BY_REDOC if REDOC.is_file() else (_STYLE, _plain(json.loads(DOCUMENT.read_text())))
    return Response(200, _headers("text/html"), _PAGE.format(head=head, body=body).encode())


def _headers(kind: str) -> Headers:
    return Headers(
        {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )


def _plain(document: dict[str, Any]) -> str:
    operations = [
        (operation["tags"][0], path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    described = {tag["name"]: tag["description"] for tag in document["tags"]}
    parts = [f"<h1>{escape(document['info']['title'])}</h1><p>{escape(document['info']['description'])}</p>"]
    for tag, of_tag in groupby(sorted(operations, key=lambda one: one[:3]), key=lambda one: one[0]):
        parts.append(f"<h2>{escape(tag)}</h2><p>{escape(described[tag])}</p>")
        parts += [_operation(path, method, operation) for _, path, method, operation in of_tag]
    return "\n".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    who = ", ".join(name for one in operation["security"] for name in one) or "anybody"
    sent = _example("Sent", operation.get("requestBody", {}))
    answers = "".join(_answer(status, one) for status, one in operation["responses"].items())
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code></summary>"
        f"<p>{escape(operation['description'])}</p><p>For: {who}.</p>{sent}{answers}</details>"
    )


def _answer(status: str, answer: dict[str, Any]) -> str:
    said = answer.get("description") or f"`{answer['$ref'].rpartition('/')[2]}`"
    return f"<p><b>{status}</b> {escape(said).replace('`', '')}</p>{_example('', answer)}"


def _example(title: str, holder: dict[str, Any]) -> str:
    shown = [one["example"] for one in holder.get("content", {}).values() if "example" in one]
    text = "".join(f"<pre>{escape(json.dumps(one, indent=1, ensure_ascii=False))}</pre>" for one in shown)
    return f"<p>{title}</p>{text}" if shown and title else text
