"""The look of every figure, in one file: sizes of type and page, colours by their role, and matplotlib's settings.

Imports no matplotlib, so that a command line can offer sizes and themes without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

SUFFIXES = (".png", ".svg", ".pdf", ".gif", ".html")
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"  # amounts; signed values, zero in the middle
SALT = "clearsight"  # the ids inside an SVG follow from it, and not from chance
# role → colour; the accents are Okabe and Ito's, which people with any kind of colour vision tell apart
LIGHT = {
    "paper": "#ffffff", "ink": "#14171c", "faint": "#5b6370", "line": "#d7dbe1", "cell": "#f0f2f5", "good": "#17784a", "bad": "#b3261e",
    "mark": "#e65a14", "accent": "#1f5fc4", "second": "#b8500a",
}  # fmt: skip
DARK = {
    "paper": "#0e1116", "ink": "#eef1f5", "faint": "#a3abb8", "line": "#353c48", "cell": "#1e222a", "good": "#56cc95", "bad": "#ff8a80",
    "mark": "#ff9a45", "accent": "#7fb0ff", "second": "#f5a05a",
}  # fmt: skip
SERIES = {
    "light": ("#5b6370", "#0072b2", "#b87700", "#009e73", "#d55e00", "#3d94c9", "#b4598f"),
    "dark": ("#a3abb8", "#56a7e0", "#e69f00", "#2fc79b", "#ff8a4c", "#8fd0f5", "#e29ac4"),
}
THEMES = {"light": LIGHT, "dark": DARK}


class Size(NamedTuple):
    """Lengths in inches, type and lines in points."""

    width: float
    height: float
    dpi: float
    title: float
    text: float
    small: float
    stroke: float


SIZES = {"print": Size(7.5, 0.0, 150, 12.0, 8.5, 7.5, 1.5), "slide": Size(40 / 3, 7.5, 144, 30.0, 24.0, 24.0, 4.0)}
Drawn = TypeVar("Drawn")
Given = ParamSpec("Given")


@dataclass(frozen=True)
class Style:
    """`size` print or slide (16:9, type of at least 24 points), `theme` light or dark; lengths in inches, type in points."""

    size: str = "print"
    theme: str = "light"

    @property
    def slide(self) -> bool:
        """Whether the figure fills one 16:9 page."""
        return self.size == "slide"

    @property
    def width(self) -> float:
        """Inches."""
        return SIZES[self.size].width

    @property
    def height(self) -> float:
        """Inches of a slide; 0 in print, where a figure is as high as its content."""
        return SIZES[self.size].height

    @property
    def dpi(self) -> float:
        """Pixels per inch of a PNG."""
        return SIZES[self.size].dpi

    @property
    def title(self) -> float:
        """Points."""
        return SIZES[self.size].title

    @property
    def text(self) -> float:
        """Points."""
        return SIZES[self.size].text

    @property
    def small(self) -> float:
        """Points of labels and notes."""
        return SIZES[self.size].small

    @property
    def stroke(self) -> float:
        """Points of a line."""
        return SIZES[self.size].stroke

    def colour(self, role: str) -> str:
        """The colour of `ink`, `faint`, `good`, …; raises KeyError for a role that there is not."""
        return THEMES[self.theme][role]

    @property
    def series(self) -> tuple[str, ...]:
        """Colours of curves, to be used in this order."""
        return SERIES[self.theme]

    @cached_property
    def rc(self) -> dict[str, Any]:
        """matplotlib's settings."""
        ink, faint, line, paper = (self.colour(role) for role in ("ink", "faint", "line", "paper"))
        return {
            "font.family": fonts(), "font.size": self.text, "text.parse_math": False, "text.color": ink, "axes.unicode_minus": True,
            "figure.facecolor": paper, "figure.dpi": self.dpi, "savefig.facecolor": "auto", "savefig.dpi": "figure",
            "axes.facecolor": "none", "axes.edgecolor": line, "axes.labelcolor": faint, "axes.titlecolor": ink, "axes.grid": False,
            "axes.labelsize": self.text, "axes.titlesize": self.text, "axes.spines.top": False, "axes.spines.right": False,
            "axes.linewidth": self.stroke / 2, "grid.color": line, "grid.linewidth": self.stroke / 2, "lines.linewidth": self.stroke,
            "xtick.color": line, "ytick.color": line, "xtick.labelcolor": faint, "ytick.labelcolor": faint,
            "xtick.labelsize": self.small, "ytick.labelsize": self.small, "lines.solid_capstyle": "round",
            "image.interpolation": "none", "image.composite_image": False, "image.cmap": SEQUENTIAL,
            "svg.fonttype": "none", "svg.hashsalt": SALT, "pdf.fonttype": 42, "path.simplify": False,
        }  # fmt: skip


PRINT = Style()


def fonts() -> list[str]:
    """DejaVu Sans, which comes with matplotlib, so that a figure looks the same everywhere; for letters it lacks, what is installed."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    others = ("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Noto Sans Arabic", "Noto Sans Devanagari", "Arial Unicode MS")
    return ["DejaVu Sans", *(name for name in others if name in installed)]


def styled(draw: Callable[Given, Drawn]) -> Callable[Given, Drawn]:
    """`draw` under matplotlib's settings of its argument `style`, and no others; those of the caller are left as they were."""

    @wraps(draw)
    def under(*args: Given.args, **kwargs: Given.kwargs) -> Drawn:
        from matplotlib import rc_context, rcParamsDefault

        style = kwargs.get("style", PRINT)
        assert isinstance(style, Style)
        defaults: dict[Any, Any] = {name: value for name, value in rcParamsDefault.items() if not name.startswith(LEFT_ALONE)}
        with rc_context(defaults | style.rc):
            return draw(*args, **kwargs)

    return under


LEFT_ALONE = ("backend", "toolbar", "interactive", "webagg")  # of the process, not of a figure
