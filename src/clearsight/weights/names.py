"""Map names of weights between libraries, by the rules of a family, and report mismatches."""

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from torch import Tensor

from ..base.errors import ClearsightError

# our name → theirs. `#` is a number and `*` any text; `{0}` is the first of them, `{0+1}` one more, `{0a}` its letter
Rules = Mapping[str, str]


MAX_LINES = 24  # lines of a diff


class Mismatch(ClearsightError):
    """Weights of another network, with a diff of names and shapes."""

    table = True


def renamed(name: str, rules: Rules) -> str | None:
    """The name that the first matching rule makes of `name`, or None."""
    for ours, theirs in rules.items():
        pattern = re.escape(ours).replace(r"\#", r"(\d+)").replace(r"\*", "(.*)")
        if found := re.fullmatch(pattern, name):
            return re.sub(r"\{(\d+)(a|[+-]\d+)?\}", partial(_filled, found.groups()), theirs)
    return None


def _filled(parts: Sequence[str], hole: re.Match[str]) -> str:
    text, more = parts[int(hole[1])], hole[2]
    if more == "a":
        return chr(ord("a") + int(text))
    return str(int(text) + int(more)) if more else text


def in_order(names: Iterable[str], pattern: str) -> list[str]:
    """The `names` that match `pattern` (with `*`), in the order of their numbers: conv2d, conv2d_2, conv2d_10."""
    fitting = fnmatch.filter(names, pattern)
    return sorted(fitting, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])


def check(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], source: str, way_out: str) -> None:
    """Raise Mismatch, with both sides as a diff, unless `given` has the names and shapes that are `wanted`."""
    ours, theirs = ({(name, tuple(value.shape)) for name, value in side.items()} for side in (wanted, given))
    if ours == theirs:
        return
    lines = [f"  {'-' if line in ours else '+'} {line[0]} {line[1]}" for line in sorted(ours ^ theirs)]
    shown = lines if len(lines) <= MAX_LINES else [*lines[:MAX_LINES], f"  … {len(lines)} differences in all"]
    raise Mismatch(f"{source} does not fit the network (- wanted, + in the file):\n" + "\n".join(shown) + f"\n{way_out}")
