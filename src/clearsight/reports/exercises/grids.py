"""The grids of an exercise: their colours, and how they are written in text and HTML."""

from html import escape

from ...exercises.exercise import Cell, Grid, minus

DARKEST, PALEST = 150, 255  # grey levels: black type stays readable on all, and a printer does not fill the page
BELOW, ABOVE = (88, 140, 214), (230, 130, 92)  # signed numbers, mixed into white


def shown(cell: Cell) -> str:
    """A cell as text, with a minus sign; whole words stay as they are."""
    return cell if isinstance(cell, str) else minus(f"{cell:g}")


def colours(grid: Grid) -> list[list[str]]:
    """`#rrggbb` of each cell: grey levels of a picture, blue and orange of signed numbers; white in a table."""
    values = [[0.0 if isinstance(cell, str) else float(cell) for cell in row] for row in grid.rows]
    most = max((abs(value) for row in values for value in row), default=0.0) or 1.0
    if grid.look == "picture":
        return [[_hex([DARKEST + (PALEST - DARKEST) * max(value, 0) / most] * 3) for value in row] for row in values]
    if grid.look == "signed":
        return [
            [_hex([255 + (end - 255) * abs(value) / most for end in (ABOVE if value > 0 else BELOW)]) for value in row] for row in values
        ]
    return [["#ffffff"] * len(row) for row in values]


def _hex(channels: list[float]) -> str:
    return "#" + "".join(f"{round(value):02x}" for value in channels)


def is_number(text: str) -> bool:
    """Whether a cell is written flush right."""
    return bool(text) and all(letter in "0123456789.,−?" for letter in text)


def lines(grid: Grid) -> list[str]:
    """The grid in columns of text, numbers flush right."""
    texts = [[shown(cell) for cell in row] for row in grid.rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["  ".join(_set(word, width) for word, width in zip(row, widths, strict=True)).rstrip() for row in texts]


def _set(word: str, width: int) -> str:
    return word.rjust(width) if is_number(word) else word.ljust(width)


def table(grid: Grid) -> str:
    """The grid as an HTML table with its caption; all styles are inline, as a learning platform needs them."""
    least = "" if grid.look == "table" else "min-width:2.3em;"
    cell = f"{least}border:1px solid #8a919c;padding:.3em .55em;text-align:"
    rows = []
    for i, (row, fills) in enumerate(zip(grid.rows, colours(grid), strict=True)):
        head = grid.look == "table" and i == 0
        tag = 'th scope="col"' if head else "td"
        rows.append(
            "".join(
                f'<{tag} style="{cell}{_side(shown(value), grid)};background:{"#eef0f4" if head else fill}">'
                f"{escape(shown(value))}</{tag[:2]}>"
                for value, fill in zip(row, fills, strict=True)
            )
        )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    style = "border-collapse:collapse;margin:.3em 1.2em .8em 0;font-variant-numeric:tabular-nums"
    return f'<table style="{style}"><caption style="text-align:left;padding:0 0 .3em">{escape(grid.name)}</caption>{body}</table>'


def _side(text: str, grid: Grid) -> str:
    if grid.look != "table":
        return "center"
    return "right" if is_number(text) else "left"
