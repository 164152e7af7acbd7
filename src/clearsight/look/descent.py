"""From a number of a network down to the numbers it was computed from, layer by layer, to a pixel; each recomputed and compared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ..base.errors import ClearsightError, wrong
from .op_trace import Index, NetworkTrace, Place, Trace, came_from
from .recompute import MOVES, UNARY, Recount
from .unit import Recomputation, recounted

NETWORK = ""  # the network as a layer of itself: its outputs are the logits


@dataclass(frozen=True, eq=False)
class Level:
    """A number on the way down: its place in the trace, the network's value, and its recomputation (None for a number of the input).

    `layer` is the layer that `look unit` recomputes for it; empty where no layer's output leads to it. The number is then computed back
    to the nearest sums, and `found.layer` is the layer around it.
    """

    place: Place
    value: float
    found: Recomputation | None = None
    layer: str = ""
    source: Callable[[Index], Place | None] | None = field(default=None, repr=False)

    @property
    def equal(self) -> bool:
        """Whether the recomputation, and each operation after it, agrees with the network."""
        return self.found is None or (self.found.equal and all(step["equal"] for step in self.found.then))

    @property
    def limits(self) -> tuple[int, ...]:
        """How many terms there are along each axis: channels, rows and columns of a patch, the terms of a sum; of others up to 2 parts."""
        if self.found is None or self.source is None:
            return ()
        return tuple(self.found.patch.shape) if self.found.patch is not None else (len(self.found.contributions) or 2,)

    def parts(self) -> list[int]:
        """The terms to go down by where there is no sum: the largest of a window, the input of a norm, the factors of a product."""
        if self.found is None or self.source is None or self.found.contributions:
            return []
        places = [self.source((k,)) for k in range(2)]
        return [k for k, place in enumerate(places) if place and place not in places[:k]]


def unit_level(trace: NetworkTrace, layer: str, index: Index) -> Level:
    """The number at `index` of a layer's output, or of the network's for the layer ''; raises ClearsightError."""
    if layer == NETWORK:
        return level(trace, (trace.calls[NETWORK].output, index))
    part = trace.layer(layer)
    return _level(trace, (part.output, index), part, index, layer)


def below(trace: NetworkTrace, upper: Level, term: Sequence[int]) -> Level | None:
    """The number that a term of `upper` took from the layer below, None in the padding; raises UsageError for no term of it."""
    limits = upper.limits
    if not limits or len(term) != len(limits) or not all(0 <= k < most for k, most in zip(term, limits, strict=True)):
        allowed = f"a term within {'×'.join(map(str, limits))}, counted from 0" if limits else "none: the way down ends here"
        raise wrong("term", allowed, ",".join(map(str, term)))
    place = upper.source(tuple(term)) if upper.source else None
    return level(trace, place) if place else None


def level(trace: NetworkTrace, place: Place) -> Level:
    """The level of a place: operations that act on one number are followed back to the layer that made it."""
    layers: dict[int, str] = {}
    for name, call in trace.calls.items():  # an inner layer ends before those around it
        if name != NETWORK:
            layers.setdefault(call.output, name)
    for number, index in reversed(list(_back(trace, place))):
        if number == trace.input:
            return Level((number, index), float(trace.whole.values[number][index]))
        if number in layers:
            return _level(trace, place, trace.layer(layers[number]), index, layers[number])
    return _level(trace, place, Trace(trace.whole.values, trace.whole.made_by, place[0]), place[1], "")


def _level(trace: NetworkTrace, place: Place, part: Trace, index: Index, layer: str) -> Level:
    count = Recount(part)
    found = recounted(part, layer or _around(trace, place[0]), index, count)
    return Level(place, float(trace.whole.values[place[0]][place[1]]), found, layer, count.source)


def _back(trace: NetworkTrace, place: Place) -> Iterator[Place]:
    """The place, then where it came from, as long as one number became one number."""
    while True:
        yield place
        number, index = place
        operation = trace.whole.made_by.get(number)
        if operation is None:
            return
        if operation.name in MOVES:
            before = came_from(trace.whole, operation, index)
        elif operation.name in UNARY or "batch_norm" in operation.name:
            before = operation.args[0].number, index
        else:
            return
        if before is None:
            return
        place = before


def _around(trace: NetworkTrace, number: int) -> str:
    """The innermost layer that made a number."""
    order = list(trace.whole.made_by).index(number)
    inside = [name for name, call in trace.calls.items() if call.first <= order < call.last]
    return next(iter(inside), NETWORK) or "the network"


def deepest(trace: NetworkTrace, top: Level, path: Sequence[Sequence[int]]) -> list[Level]:
    """The levels from `top` down by a term of each; raises ClearsightError where a term leads into the padding."""
    levels = [top]
    for term in path:
        lower = below(trace, levels[-1], term)
        if lower is None:
            raise ClearsightError("this term is padding: a zero around the picture, which no layer has computed.")
        levels.append(lower)
    return levels
