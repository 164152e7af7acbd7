"""The page at /docs: the OpenAPI description as plain HTML, without a script and without anything from another machine."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h2{font-size:1.1rem;margin:2rem 0 0}code,pre{font-family:ui-monospace,monospace;font-size:.9em}"
    "pre{background:#f3f3f3;padding:.6rem;overflow-x:auto}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def add_page(app: FastAPI, models: Mapping[str, Any]) -> None:
    """Add /docs to an application, with the names of its `models` in the commands."""

    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(html(app.openapi(), next(iter(models))), headers={"content-security-policy": POLICY})


def html(openapi: Mapping[str, Any], model: str) -> str:
    """The page for an `openapi` description."""
    title = escape(f"{openapi['info']['title']} {openapi['info']['version']}")
    parts = [
        part for path, methods in openapi["paths"].items() for method, told in methods.items() for part in _route(path, method, told, model)
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
        f'<style>{STYLE}</style><h1>{title}</h1><p>For programs: <a href="openapi.json">openapi.json</a></p>{"".join(parts)}</html>'
    )


def _route(path: str, method: str, told: Mapping[str, Any], model: str) -> Iterator[str]:
    """What one address does, its options, and a command."""
    bodies = list(told.get("requestBody", {}).get("content", {}))
    options = [one for one in told.get("parameters", []) if one["in"] == "query"]
    yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(told.get('description', ''))}</p>"
    if bodies:
        yield f"<p>Body: {escape(' or '.join(bodies))}</p>"
    if options:
        yield f"<table><tr><th>option<th>values<th>default<th>{''.join(map(_option, options))}</table>"
    sent = f" --header 'Content-Type: {bodies[0]}'" if bodies and "*" not in bodies[0] else ""
    sent = f" --data-binary @FILE{sent}" if bodies else ""
    yield f"<pre>curl{escape(sent)} localhost:8000{escape(path.replace('{model}', model))}</pre>"


def _option(told: Mapping[str, Any]) -> str:
    schema = told["schema"]
    signs = {"minimum": "≥", "exclusiveMinimum": "&gt;", "maximum": "≤", "exclusiveMaximum": "&lt;"}
    limits = ", ".join(f"{sign} {schema[name]:g}" for name, sign in signs.items() if name in schema)
    cells = (f"<code>{escape(told['name'])}</code>", f"{escape(str(schema.get('type', '')))} {limits}", str(schema.get("default", "")))
    return "<tr>" + "".join(f"<td>{cell}" for cell in (*cells, escape(told.get("description", ""))))
