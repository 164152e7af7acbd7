"""A figure that lives, as one HTML file: the module that draws it, its numbers as JSON, the colours, and the printed figure."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from matplotlib.figure import Figure

from ... import __version__
from ...base.result import jsonable
from ..saving import saved

IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
START = """
document.documentElement.classList.add("live");
{}(document.querySelector("#live"), JSON.parse(document.querySelector("#data").textContent));
"""
STATIC = files(__package__).joinpath("static")
TOKENS = files("clearsight.reports").joinpath("tokens.css")


@dataclass(frozen=True)
class Live:
    """What a module draws: its name (`static/NAME.js` exports a function NAME), a title, one sentence of what to see, numbers for JSON."""

    module: str
    title: str
    lead: str
    data: Any


def page(live: Live, still: Figure) -> bytes:
    """The page of a live figure; `still` is shown without scripts, and printed as long as nothing was edited. It loads nothing."""
    style = TOKENS.read_text("utf-8") + STATIC.joinpath("live.css").read_text("utf-8")
    script = f"\n{bundle(live.module)}{START.format(live.module)}"
    data = json.dumps(jsonable(live.data), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    drawn = base64.b64encode(saved([still], ".svg")).decode()
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(script, style)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(live.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>{escape(live.title)}</h1>\n"
        f'<p class="lead">{escape(live.lead)}</p>\n<div id="live"></div>\n'
        f'<figure class="still"><img alt="{escape(live.title)}" src="data:image/svg+xml;base64,{drawn}"></figure>\n'
        f"<footer>Made by Clearsight {escape(__version__)}. This page is one file and loads nothing.</footer>\n</main>\n"
        f'<script type="application/json" id="data">{data}</script>\n<script type="module">{script}</script>\n</body>\n</html>\n'
    )
    return text.encode("utf-8", "backslashreplace")


def policy(script: str, style: str) -> str:
    """The content security policy of a page: this script, this style, pictures inside the file, and no request at all."""
    own = {kind: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for kind, text in (("script", script), ("style", style))}
    return (
        f"default-src 'none'; script-src 'sha256-{own['script']}'; style-src 'sha256-{own['style']}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )


def bundle(module: str) -> str:
    """A module after all that it imports, as one text: a page opened from a folder may not import other files."""
    return "\n".join(re.sub(r"^export ", "", IMPORT.sub("", source(name)), flags=re.MULTILINE) for name in order(module))


def order(module: str) -> list[str]:
    """The names of the modules that a module needs, itself last."""
    needed = [name for other in IMPORT.findall(source(module)) for name in order(other)]
    return list(dict.fromkeys([*needed, module]))


def source(module: str) -> str:
    """The text of `static/MODULE.js`."""
    return STATIC.joinpath(f"{module}.js").read_text("utf-8")
