"""Amounts and sizes as words of the command line: `25M`, `32x32x3`."""

import re
from typing import Any

import click


class Amount(click.ParamType[float]):
    """A number that may end in k, M or G: `25M`."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([kMG]?)", str(value))
        if not found:
            self.fail(f"{value!r} is not a number such as 25000000 or 25M.", param, ctx)
        return float(found[1]) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[found[2]]


class Size(click.ParamType[tuple[int, int, int]]):
    """Height × width × channels, as the lecture writes it: `32x32x3`; channels may be left out."""

    name = "HxWxC"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int, int]:
        """Channels, height, width."""
        found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})(?:[x×](\d{1,3}))?", str(value))
        if not found:
            self.fail(f"{value!r} is not a size such as 32x32x3 (height, width, channels).", param, ctx)
        return int(found[3] or 3), int(found[1]), int(found[2])
