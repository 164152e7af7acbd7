"""Risk against coverage: the error of the most confident answers, for every share of pictures that is answered."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import PercentFormatter

from ...metrics.selective import Point
from ..style import PRINT, Style, styled
from .charts import Chart, frame
from .page import Page

TIPS = 40  # points, of which each has a tooltip


@styled
def risk_coverage(points: Sequence[Point], *, style: Style = PRINT) -> Chart:
    """The curve of a classifier, and dashed that of the best order of its answers, which would leave its mistakes to the end."""
    page = Page(style, width=5.1)
    page.y, wide, tall = 0.1, page.width - 0.95, 2.6
    axes = page.chart(0.75, page.y, wide, tall)
    coverages, risks = [point.coverage for point in points], [point.risk for point in points]
    error = risks[-1]
    along = np.linspace(1 - error, 1, 50)
    best = np.maximum(0, along - (1 - error)) / np.maximum(along, 1e-9)
    axes.plot([0, *along], [0, *best], color=style.colour("ink"), linewidth=1, linestyle=(0, (4, 3)), gid="class-ideal")
    axes.plot(coverages, risks, color=style.colour("accent"), solid_joinstyle="round", gid="class-line")
    tips = {}
    for i in sorted({round(x) for x in np.linspace(0, len(points) - 1, min(TIPS, len(points)))}):
        point, gid, last = points[i], f"tip-risk-{i}", i == len(points) - 1
        tips[gid] = (
            f"{point.n:,} pictures ({point.coverage:.1%}) with a confidence of at least {point.confidence:.1%}: error {point.risk:.2%}"
        )
        size, alpha = (5, 1) if last else (7, 0)
        axes.plot([point.coverage], [point.risk], "o", color=style.colour("accent"), markersize=size, alpha=alpha, clip_on=False, gid=gid)
    axes.set(xlim=(0, 1.0), ylim=(0, max(1.15 * max(risks), 0.01)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, symbol=" %", decimals=None))
    frame(axes, "answered, the most confident first", "error")
    page.y += tall + 0.45
    return Chart(page.finish(), "Risk against coverage: error by share of pictures answered", tips)
