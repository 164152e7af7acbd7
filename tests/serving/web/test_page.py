"""The page of addresses: all of them, and nothing that a browser would load or run."""

import base64
import hashlib
import re

from clearsight.serving.web.page import html

from ..conftest import on


def test_every_address_is_on_the_page_and_nothing_is_loaded(artefacts):
    async def ask(here):
        return await here.client.get("/docs"), (await here.client.get("/openapi.json")).json()

    page, openapi = on(ask, artefacts / "pets")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert all(f"{method.upper()} {path}<" in page.text for path, methods in openapi["paths"].items() for method in methods)
    assert "/v1/models/pets/classify</pre>" in page.text and "integer ≥ 1" in page.text
    assert not re.search(r"<script|<link|<img|src=|url\(|@import|https?:|\son\w+=", page.text)
    (style,) = re.findall(r"<style>(.*?)</style>", page.text)
    policy = page.headers["content-security-policy"]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "frame-ancestors 'none'" in policy


def test_names_are_escaped():
    told = {"info": {"title": "<b>", "version": "1"}, "paths": {"/<i>": {"get": {"description": "<u>"}}}}
    assert not re.search("<b>|<i>|<u>", html(told, "m"))
