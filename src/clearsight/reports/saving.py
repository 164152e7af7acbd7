"""Figures as files: PNG, SVG, PDF, a page, or an animated GIF; the same figure gives the same bytes."""

import base64
import io
import re
import warnings
from collections.abc import Sequence
from html import escape
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from ..base.errors import wrong
from ..base.files import digest
from ..base.progress import Progress
from .style import SALT, SUFFIXES

# no date and no version: a file depends only on the figure
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
HELD = 5  # times as long as another frame the last one is shown: it has everything
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": SALT, "pdf.fonttype": 42, "image.composite_image": False}


def saved(frames: Sequence[Figure], suffix: str, milliseconds: int = 700) -> bytes:
    """The last figure as `.png`, `.svg` or `.pdf`, or all of them as an animated `.gif`; `.html` is a page that needs nothing else.

    Raises UsageError for another suffix.
    """
    require_suffix(suffix)
    if suffix == ".gif" or (suffix == ".html" and len(frames) > 1):
        data = _animated(frames, milliseconds)
        if suffix == ".gif":
            return data
        return _page(f'<img alt="" src="data:image/gif;base64,{base64.b64encode(data).decode()}">')
    if suffix == ".html":
        return _page(inline(frames[-1], ""))
    return _written(frames[-1], suffix[1:])


def require_suffix(suffix: str) -> None:
    """Raise UsageError, before anything is computed for it, for a figure in a format that there is not."""
    if suffix not in SUFFIXES:
        raise wrong("--out", f"a name that ends in {', '.join(SUFFIXES)}", suffix)


def inline(figure: Figure, label: str, colours: dict[str, str] | None = None, tips: dict[str, str] | None = None) -> str:
    """A figure as `<svg>` to be put into a page, described by `label`.

    `colours` are replaced, as in `#1f5fc4` by `var(--blue)`; `tips` are the tooltips of the artists with these gids. An artist whose gid
    is `class-NAME` gets that class.
    """
    text = _written(figure, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    for gid, words in (tips or {}).items():
        text = text.replace(f'<g id="{gid}">', f"<g><title>{escape(words)}</title>", 1)
    text = text.replace('<g id="class-', '<g class="')
    text = re.sub(r'<g id="[a-zA-Z0-9_.]+?_\d+">', "<g>", text)  # not unique in a page, and never referred to
    for colour, role in (colours or {}).items():
        text = text.replace(colour, role)
    text = re.sub(r'<g id="[a-zA-Z0-9_.]+"/>', "", text).replace("font-family: 'DejaVu Sans'; ", "")  # the page's own letters
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    own = f"c{digest(text.encode())[:8]}-"  # or two charts of a page would have the same ids
    text = re.sub(r'(id="|url\(#|href="#)(?=[pm][0-9a-f]{10})', rf"\1{own}", text)
    text = re.sub(r"(\d\.\d\d)\d+", r"\1", text) if "base64" not in text else text
    box = re.search(r'viewBox="[^"]*"', text)
    names = f'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {box.group() if box else ""}'
    head = f'<svg class="chart" {names} role="img" aria-label="{escape(label)}">'
    return head + re.sub(r"\n\s*", "\n", text[text.index(">") + 1 :])


def _written(figure: Figure, kind: str) -> bytes:
    stream = io.BytesIO()
    if kind == "png":
        pixels(figure).save(stream, "PNG", dpi=(figure.dpi, figure.dpi))
        return stream.getvalue()
    with rc_context(SETTINGS), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # such a letter is drawn as a box
        figure.savefig(stream, format=kind, metadata=METADATA[kind], facecolor=figure.get_facecolor())
    return stream.getvalue()


def pixels(figure: Figure) -> Image.Image:
    """The figure as an RGB picture."""
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas.draw()  # type: ignore[no-untyped-call]
    width, height = canvas.get_width_height()
    data = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return Image.frombuffer("RGBA", (width, height), data, "raw", "RGBA", 0, 1).convert("RGB")


def _animated(frames: Sequence[Figure], milliseconds: int) -> bytes:
    drawn = []
    with Progress("draw", len(frames), "frames") as progress:
        for frame in frames:
            drawn.append(pixels(frame))
            progress.update(1)
    first, *rest = drawn
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=rest, duration=[*[milliseconds] * len(rest), HELD * milliseconds], loop=0)
    return stream.getvalue()


def _page(body: str) -> bytes:
    style = "<style>body{margin:0}svg,img{display:block;max-width:100%;height:auto}</style>"
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Clearsight</title>{style}{body}</html>'.encode()
