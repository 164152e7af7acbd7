"""The report's charts as SVG text; colours come from report.css, so they follow the reader's light or dark."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from ...metrics.calibration import Bin

Series = tuple[str, Sequence[float], str]  # name, a value per step, CSS class: a or b


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) that cover `low` to `high`."""
    if not high > low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def lines(
    series: Sequence[Series],
    steps: Sequence[float],
    *,
    unit: str = "",
    ceiling: float = math.inf,
    best: float | None = None,
    axis: str = "epoch",
) -> str:
    """Curves over epochs or what else `axis` is, each named at its end; `unit` ` %` shows fractions as per cent; `best` marks a step."""
    finite = [value for _, values, _ in series for value in values if math.isfinite(value)]
    if not finite:
        return ""
    width, height, left, right, top, bottom = 500, 270, 46, 412, 14, 232
    marks = [mark for mark in ticks(min(finite), max(finite)) if mark <= ceiling + 1e-9]
    lowest, highest = min(marks[0], *finite), max(marks[-1], *finite)

    def x(step: float) -> float:
        return left + (right - left) * ((step - steps[0]) / (steps[-1] - steps[0]) if len(steps) > 1 else 0.5)

    def y(value: float) -> float:
        return top + (bottom - top) * (highest - value) / ((highest - lowest) or 1)

    parts = [_line("grid", left, y(m), right, y(m)) + _text(left - 8, y(m) + 4, _number(m, unit, marks), "end") for m in marks]
    parts += [_text(x(step), bottom + 20, f"{step:g}") for step in _some(steps)]
    parts.append(_text((left + right) / 2, height - 1, axis))
    if best is not None:
        parts.append(_line("best", x(best), top, x(best), bottom))
    heights = _apart([y(_last(values)) for _, values, _ in series], 15)
    for (name, values, css), label in zip(series, heights, strict=True):
        points = [(x(s), y(v), f"{name}, {axis} {s:g}: {_exact(v, unit)}") for s, v in zip(steps, values, strict=True) if math.isfinite(v)]
        text = f'<text class="name" x="{right + 12}" y="{label + 4:.1f}">{escape(name)}</text>'
        parts.append(f'<g class="{css}">{_curve(points)}{text}</g>')
    return _svg(width, height, ", ".join(name for name, _, _ in series) + f" over the {axis}", parts)


def _curve(points: Sequence[tuple[float, float, str]]) -> str:
    """A line through points (x, y, what it says when pointed at), with a dot on each where they are not too many."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    dots = points if len(points) <= 40 else points[-1:]
    circles = [
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{4.5 if x == points[-1][0] else 3}"><title>{escape(told)}</title></circle>'
        for x, y, told in dots
    ]
    return f'<polyline class="line" points="{path}"/>{"".join(circles)}'


def reliability(bins: Sequence[Bin]) -> str:
    """Reliability diagram: how often it is right for each confidence, and beneath it how many pictures had that confidence."""
    left, right, top, floor, base, below = 60, 470, 8, 308, 426, 84
    bar, tall = (right - left) / len(bins), floor - top
    most = max(row.n for row in bins)
    parts = []
    for mark in range(0, 101, 20):
        y = floor - tall * mark / 100
        parts.append(_line("grid", left, y, right, y) + _text(left - 8, y + 4, f"{mark} %", "end"))
        parts.append(_text(left + (right - left) * mark / 100, base + 17, f"{mark} %"))
    for i, row in enumerate(bins):
        if row.accuracy is None or row.confidence is None:
            continue
        x, deep = left + i * bar, below * row.n / most
        told = f"confidence {row.low:.0%} to {row.high:.0%}: {row.n:,} pictures, {row.accuracy:.1%} right, {row.confidence:.1%} sure"
        bars = _bar(x, floor, bar, tall * row.accuracy, 1) + _bar(x, base, bar, deep, 0.55)
        parts.append(f'<g class="a"><title>{told}</title>{bars}</g>{_text(x + bar / 2, base - deep - 4, compact(row.n), size=9.5)}')
    parts += [_line("ideal", left, floor, right, top), _line("axis", left, floor, right, floor), _line("axis", left, base, right, base)]
    parts.append(_text((left + right) / 2, base + 36, "how sure it said it was"))
    for y, words in ((floor - tall / 2, "how often it was right"), (base - below / 2, "pictures")):
        parts.append(f'<text transform="translate(9 {y:.1f}) rotate(-90)" text-anchor="middle">{words}</text>')
    return _svg(right + 10, base + 40, "Reliability diagram: share of right answers for each confidence", parts)


def rungs(rows: Sequence[tuple[str, Sequence[Mapping[str, float] | None], Mapping[str, float]]]) -> str:
    """A row for each rung (title, accuracies that are paler, the accuracy), the highest rung on top, with whiskers."""
    left, right, top, tall = 190, 690, 10, 34
    floor = top + tall * len(rows)
    every = [value for _, paler, top1 in rows for value in (*paler, top1) if value]
    marks = ticks(min(value["low"] for value in every), 1.0)
    lowest, highest = marks[0], 1.0

    def x(share: float) -> float:
        return left + (right - left) * (share - lowest) / (highest - lowest)

    parts = [_line("grid", x(m), top, x(m), floor) + _text(x(m), floor + 18, _number(m, " %", marks)) for m in marks if m <= highest]
    for i, (title, paler, value) in enumerate(reversed(rows)):
        y = top + tall * (i + 0.5)
        parts.append(_text(left - 14, y + 4, title, "end"))
        parts += [_stood(x, y, few, opacity) for few, opacity in zip(paler, (0.3, 0.55), strict=False) if few]
        parts.append(_stood(x, y, value, 1) + _text(x(value["high"]) + 8, y + 4, f"{value['value']:.1%}".replace("%", " %"), "start"))
    return _svg(right + 60, floor + 26, "Accuracy of every rung, with intervals", parts)


def _stood(x: Callable[[float], float], y: float, value: Mapping[str, float], opacity: float) -> str:
    at, low, high = (x(value[key]) for key in ("value", "low", "high"))
    told = f"{value['value']:.2%}, 95 % interval {value['low']:.2%} to {value['high']:.2%}"
    dot = f'<circle class="dot" cx="{at:.1f}" cy="{y:.1f}" r="5"><title>{told}</title></circle>'
    return f'<g class="a" opacity="{opacity:g}">{_line("line", low, y, high, y)}{dot}</g>'


def share_bar(value: float, interval: tuple[float, float] | None) -> str:
    """A bar from 0 to 100 % with the whisker of its interval, if it has one."""
    title, whisker = f"{value:.1%}", ""
    if interval:
        left, right = (f"{100 * x:.2f}%" for x in interval)
        ends = ((left, right, 9, 9), (left, left, 5.5, 12.5), (right, right, 5.5, 12.5))
        whisker = "".join(f'<line class="whisker" x1="{x1}" x2="{x2}" y1="{y1}" y2="{y2}"/>' for x1, x2, y1, y2 in ends)
        title += ", 95 % interval {:.1%} to {:.1%}".format(*interval)
    return (
        f'<svg role="img" aria-label="{value:.1%}"><title>{title}</title>'
        '<rect class="track" width="100%" height="12" y="3" rx="3"/>'
        f'<g class="a"><rect class="fill" width="{100 * value:.2f}%" height="12" y="3" rx="3"/></g>{whisker}</svg>'
    )


def compact(n: int) -> str:
    """`940`, `9.1k`, `120k`."""
    return str(n) if n < 1000 else f"{n / 1000:.1f}k" if n < 9950 else f"{n / 1000:.0f}k"


def _line(css: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str = "middle", size: float = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}">{escape(words)}</text>'


def _bar(x: float, floor: float, width: float, height: float, opacity: float) -> str:
    box = f'x="{x + 1.5:.1f}" y="{floor - height:.1f}" width="{width - 3:.1f}" height="{height:.1f}"'
    return f'<rect class="fill" {box} rx="2" opacity="{opacity:g}"/>'


def _exact(value: float, unit: str) -> str:
    return f"{100 * value:.2f}{unit}" if unit else f"{value:.4g}"


def _number(value: float, unit: str, marks: Sequence[float]) -> str:
    value, step = (value * 100, (marks[-1] - marks[0]) * 100) if unit else (value, marks[-1] - marks[0])
    step /= max(1, len(marks) - 1)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return f"{value:.{decimals}f}{unit}"


def _some(steps: Sequence[float], most: int = 10) -> list[float]:
    """Every step, or every second, fifth, … so that at most `most` are named; round numbers where steps are not whole."""
    if any(step % 1 for step in steps):
        return [mark for mark in ticks(steps[0], steps[-1]) if steps[0] <= mark <= steps[-1]]
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if len(steps) / n <= most)
    return [step for step in steps if step % every == 0] or [steps[0]]


def _last(values: Sequence[float]) -> float:
    return next((value for value in reversed(values) if math.isfinite(value)), 0.0)


def _apart(places: list[float], least: float) -> list[float]:
    """Two label heights moved until they do not overlap."""
    if len(places) == 2 and abs(places[0] - places[1]) < least:
        middle, sign = sum(places) / 2, 1 if places[0] >= places[1] else -1
        return [middle + sign * least / 2, middle - sign * least / 2]
    return places


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return f'<svg class="chart" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
